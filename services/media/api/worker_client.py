"""Calls of the media-worker, which alone decodes pictures."""

from collections.abc import Mapping, Sequence
from itertools import count

import aiohttp
import orjson
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import FieldError, Problem, Unavailable

_log = structlog.get_logger(__name__)

# A decoding may last some seconds, and wait for others.
_TIMEOUT = aiohttp.ClientTimeout(total=90.0, connect=2.0)
_WAKE_TIMEOUT = aiohttp.ClientTimeout(total=2.0)
_REFUSALS = frozenset({413, 415, 422})


class WrittenOriginal(BaseModel):
    """The stripped original that the worker wrote: its size in pixels and bytes, and the ending of its name."""

    model_config = ConfigDict(extra="ignore")

    width: int
    height: int
    size_bytes: int
    name: str


class CheckedPicture(BaseModel):
    """What the worker found in a file. `width`, `height`: after orientation. `credit` and the like: the file's IPTC fields."""

    model_config = ConfigDict(extra="ignore")

    type: str
    width: int
    height: int
    has_alpha: bool
    original: WrittenOriginal
    color: str
    creator: str = ""
    credit: str = ""
    copyright: str = ""
    title: str = ""


class WorkerClient:
    """Asks the workers in turn; the next one where one does not answer."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._turn = count()
        self._http = aiohttp.ClientSession(timeout=_TIMEOUT)

    async def check(self, key: str, credit: str | None) -> CheckedPicture:
        """Have a staged file checked and its original written beside it, with the credit in it if given.

        Problem 413, 415 or 422 for a file that is no picture for us; Unavailable when no worker answers.
        """
        return CheckedPicture.model_validate(await self._ask("/internal/check", {"key": key, "credit": credit}))

    async def write_original(self, upload: str, target: str, credits: Mapping[str, str]) -> WrittenOriginal:
        """Have the original of a stored upload written with these `credit`, `creator`, `copyright`."""
        sent = {"key": upload, "to": target, **credits}
        return WrittenOriginal.model_validate(await self._ask("/internal/original", sent))

    async def _ask(self, path: str, sent: Mapping[str, object]) -> object:
        first = next(self._turn)
        for place in range(len(self._urls)):
            url = self._urls[(first + place) % len(self._urls)]
            try:
                async with self._http.post(f"{url}{path}", json=sent) as response:
                    body = orjson.loads(await response.read())
                    if response.status in _REFUSALS:
                        raise _refusal(response.status, body)
                    response.raise_for_status()
                    return body
            except (aiohttp.ClientError, TimeoutError, ValueError, ValidationError) as error:
                _log.warning("worker.unreachable", url=url, path=path, reason=repr(error))
        raise Unavailable("no media-worker answers")

    async def wake(self) -> None:
        """Tell a worker that there is work. Not heard, it finds the work a little later by itself."""
        url = self._urls[next(self._turn) % len(self._urls)]
        try:
            async with self._http.post(f"{url}/internal/wake", timeout=_WAKE_TIMEOUT) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.info("worker.not_woken", url=url, reason=repr(error))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _refusal(status: int, body: Mapping[str, object]) -> Problem:
    detail = str(body.get("detail", "This file is refused."))
    return Problem(status, detail, errors=(FieldError("/file", detail),))
