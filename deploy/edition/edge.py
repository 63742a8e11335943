"""An HTTP client of the platform's public API, as an editor's tool would have."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

import aiohttp

from deploy.edition.articles import EditionError

Json = Mapping[str, Any]

# Longer than a service's restart.
RETRY_FOR_S = 120.0
_TIMEOUT_S = 60.0
_LATER = (429, 503)
_USUAL_WAIT_S = 0.5


class Edge:
    """JSON calls with an editor's token. An async context manager.

    After 429 and 503 it waits (`Retry-After`) and tries again, for up to RETRY_FOR_S. Any other error status raises
    EditionError with the item's name and the problem details.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self._session.close()

    async def get(self, path: str) -> Json:
        """GET; returns the JSON of the answer."""
        return await self._call("GET", path, "the list of articles", None, {})

    async def post(
        self,
        path: str,
        subject: str,
        body: Json | None = None,
        *,
        key: str = "",
        version: int = 0,
        awaited: bool = False,
    ) -> Json:
        """POST, with `Idempotency-Key` or `If-Match` if given. With `awaited`, a 404 is retried like a 503."""
        headers = ({"Idempotency-Key": key} if key else {}) | ({"If-Match": f'"{version}"'} if version else {})
        return await self._call("POST", path, subject, body, headers, (*_LATER, 404) if awaited else _LATER)

    async def put(self, path: str, subject: str, body: Json, *, version: int) -> Json:
        """PUT with `If-Match`."""
        return await self._call("PUT", path, subject, body, {"If-Match": f'"{version}"'})

    async def upload(self, path: str, subject: str, file: Path, texts: Mapping[str, str]) -> Json:
        """POST a form with a file and its texts. The same file again is answered as the first time."""

        def form() -> aiohttp.FormData:
            # A form can be sent once.
            made = aiohttp.FormData(texts)
            made.add_field("file", file.read_bytes(), filename=file.name)
            return made

        return await self._call("POST", path, subject, None, {}, form=form)

    async def _call(
        self,
        method: str,
        path: str,
        subject: str,
        body: Json | None,
        headers: Mapping[str, str],
        later: tuple[int, ...] = _LATER,
        form: Callable[[], aiohttp.FormData] | None = None,
    ) -> Json:
        deadline = monotonic() + RETRY_FOR_S
        while True:
            try:
                sent = {"json": body} if form is None else {"data": form()}
                async with self._session.request(method, self._url + path, headers=headers, **sent) as answer:
                    text = await answer.text()
                    status, wait = answer.status, answer.headers.get("Retry-After", "")
            except (aiohttp.ClientError, TimeoutError) as error:
                raise EditionError(f"{subject}: {method} {path}: {error!r}") from error
            if status < 400:
                return _read(text, f"{subject}: {method} {path}")
            wait_s = float(wait) if wait.isdigit() else _USUAL_WAIT_S
            if status not in later or monotonic() + wait_s > deadline:
                raise EditionError(f"{subject}: {method} {path} was answered {status}: {explain(text)}")
            await asyncio.sleep(wait_s)


def _read(text: str, call: str) -> Json:
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise EditionError(f"{call}: the answer is not JSON") from error
    if not isinstance(answer, dict):
        raise EditionError(f"{call}: the answer is not an object")
    return answer


def explain(text: str) -> str:
    """Problem details in one line; any other text cut to 200 characters."""
    try:
        problem = json.loads(text)
        faults = [f"{fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", ())]
        return "; ".join([problem.get("detail") or problem["title"], *faults])
    except (ValueError, KeyError, TypeError, AttributeError):
        return " ".join(text.split())[:200]
