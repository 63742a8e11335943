"""Every error that crosses a module border, as one tree.

    WorldMonitorError
    ├── Problem             an HTTP answer as problem details (RFC 9457); rendered by `shared/http/middleware.py`
    ├── InvalidMessage      invalid for ever: the record goes to the dead-letter topic
    ├── Unavailable         failed for now: retry with back-off; whether a failed write happened is *unknown*
    │   └── Conflict        nothing happened: another transaction writes the same documents at this moment
    ├── LogReplaced         the Kafka log is another one than the reader was reading
    ├── TooManyDeadLetters  so many invalid records that our code is probably wrong: the process ends
    └── SettingsError       a setting is missing or wrong; the text names the setting

Any other exception from a message handler ends the process.
"""

from dataclasses import dataclass
from http import HTTPStatus


class WorldMonitorError(Exception):
    """The root. Catch it only where a process or a request ends."""


@dataclass(frozen=True)
class FieldError:
    """One wrong field: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter."""

    pointer: str
    detail: str


class Problem(WorldMonitorError):
    """An HTTP error with problem details."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def as_dict(self) -> dict[str, object]:
        """The members of RFC 9457, and `errors` when fields are wrong."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors]
        return body


class InvalidMessage(WorldMonitorError):
    """A record that no retry can make valid."""


class Unavailable(WorldMonitorError):
    """A server did not answer in time. The requested change may have happened or not."""


class Conflict(Unavailable):
    """Another transaction writes the same documents at this moment. Nothing was changed."""


class LogReplaced(WorldMonitorError):
    """The broker serves another log than before (an embedded broker was restarted, or a cluster was rebuilt)."""


class TooManyDeadLetters(WorldMonitorError):
    """The limit of dead letters (`shared/kafka/dead_letters.py`) was exceeded."""


class SettingsError(WorldMonitorError):
    """A setting is missing or wrong."""
