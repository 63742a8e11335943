"""Calls of the media-worker, which alone decodes pictures."""

from collections.abc import Mapping, Sequence

import structlog
from pydantic import BaseModel, ConfigDict

from shared.errors import FieldError, Problem, Unavailable
from shared.http.instances import Answer, Instances

_log = structlog.get_logger(__name__)

# A decoding may last some seconds, and wait for others.
_WAIT_S = 90.0
_WAKE_WAIT_S = 2.0
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
        self._workers = Instances("media-worker", urls, _WAIT_S, spread=True)

    async def check(self, key: str, credit: str | None) -> CheckedPicture:
        """Have a staged file checked and its original written beside it, with the credit in it if given.

        Problem 413, 415 or 422 for a file that is no picture for us; Unavailable when no worker answers.
        """
        return await self._workers.ask("POST", "/internal/check", _read_checked, json={"key": key, "credit": credit})

    async def write_original(self, upload: str, target: str, credits: Mapping[str, str]) -> WrittenOriginal:
        """Have the original of a stored upload written with these `credit`, `creator`, `copyright`."""
        sent = {"key": upload, "to": target, **credits}
        return await self._workers.ask("POST", "/internal/original", _read_original, json=sent)

    async def wake(self) -> None:
        """Tell a worker that there is work. Not heard, it finds the work a little later by itself."""
        try:
            await self._workers.ask("POST", "/internal/wake", lambda _: None, wait_s=_WAKE_WAIT_S, most_asked=1)
        except Unavailable as error:
            _log.info("worker.not_woken", reason=str(error))

    async def close(self) -> None:
        """Close the connections."""
        await self._workers.close()


def _read_checked(answer: Answer) -> CheckedPicture:
    return CheckedPicture.model_validate_json(_accepted(answer).body)


def _read_original(answer: Answer) -> WrittenOriginal:
    return WrittenOriginal.model_validate_json(_accepted(answer).body)


def _accepted(answer: Answer) -> Answer:
    if answer.status in _REFUSALS:
        detail = str(answer.json.get("detail", "This file is refused."))
        raise Problem(answer.status, detail, errors=(FieldError("/file", detail),))
    return answer.expect(200)
