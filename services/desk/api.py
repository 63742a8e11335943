"""Calls other services over HTTP. Every page of the desk is made from their answers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
import orjson
import structlog

from shared.errors import FieldError, Problem, Unavailable
from shared.http.requests import JSON_TYPE

_log = structlog.get_logger(__name__)

_MOST_CONNECTIONS = 64
_SAFE = frozenset({"GET", "HEAD"})

Json = Mapping[str, object]


@dataclass(frozen=True)
class ApiAnswer:
    """An answer below 400: its JSON object (empty without one), its raw body and its headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Json:
        """The body as a JSON object; empty when it is none."""
        found = orjson.loads(self.body) if self.body else {}
        return found if isinstance(found, dict) else {}


class ServiceRefusal(Problem):
    """A service's own problem. Its texts are English in every language of the desk."""


class SignedOut(ServiceRefusal):
    """The session or the sign-in is not valid."""


class ServiceClient:
    """A client of one service's processes. It starts with the process that answered last."""

    def __init__(self, name: str, urls: Sequence[str], timeout_s: float) -> None:
        self._name = name
        self._urls = list(urls)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._http: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> ApiAnswer:
        """Send a request. Raises Problem for an answer from 400 on, SignedOut for 401, Unavailable when none answers.

        `timeout_s`: the longest wait, when it is another one than the client's. A write is sent to a second process only when
        the first refused the connection: it has then not been carried out.
        """
        sent = dict(headers or {})
        timeout = None if timeout_s is None else aiohttp.ClientTimeout(total=timeout_s)
        body = None
        if json is not None:
            body, sent["Content-Type"] = orjson.dumps(json), JSON_TYPE
        reason: object = "no address"
        for url in tuple(self._urls):
            try:
                return await self._send(method, url + path, body, params, sent, timeout)
            except aiohttp.ClientConnectorError as error:
                reason = error
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = error
                if method not in _SAFE:
                    break
            # Another call may have done so meanwhile.
            if self._urls[0] == url:
                self._urls.append(self._urls.pop(0))
        _log.warning("service.unreachable", service=self._name, reason=repr(reason))
        raise Unavailable(f"{self._name}: {reason!r}")

    async def stream(
        self, path: str, chunks: AsyncIterator[bytes], *, headers: Mapping[str, str], timeout_s: float
    ) -> ApiAnswer:
        """POST a body while it arrives; errors as `call`. A process that refuses the connection has read nothing of it."""
        timeout, reason = aiohttp.ClientTimeout(total=timeout_s), "no address"
        for url in tuple(self._urls):
            try:
                return await self._send("POST", url + path, chunks, None, headers, timeout)
            except aiohttp.ClientConnectorError as error:
                reason = repr(error)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = repr(error)
                break
        _log.warning("service.unreachable", service=self._name, reason=reason)
        raise Unavailable(f"{self._name}: {reason}")

    async def _send(
        self,
        method: str,
        url: str,
        body: bytes | AsyncIterator[bytes] | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        timeout: aiohttp.ClientTimeout | None = None,
    ) -> ApiAnswer:
        async with self._session().request(
            method, url, data=body, params=params, headers=headers, timeout=timeout or self._timeout
        ) as answer:
            content = await answer.read()
            if answer.status >= 400:
                raise problem_of(answer.status, content, answer.headers.get("Retry-After"))
            return ApiAnswer(answer.status, content, answer.headers)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(limit=_MOST_CONNECTIONS)
            # The desk passes cookies of nobody.
            self._http = aiohttp.ClientSession(
                timeout=self._timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()


def problem_of(status: int, content: bytes, retry_after: str | None) -> Problem:
    """The problem in an answer, with its fields."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        found = {}
    given = found if isinstance(found, dict) else {}
    errors = given.get("errors") or []
    kind = SignedOut if status == 401 else ServiceRefusal
    return kind(
        status,
        str(given.get("detail") or "The service refused the request."),
        errors=tuple(
            FieldError(str(error.get("pointer", "")), str(error.get("detail", "")))
            for error in errors
            if isinstance(error, dict)
        ),
        headers={} if retry_after is None else {"Retry-After": retry_after},
    )
