"""Every error that crosses a module's border, as one tree.

    WorldMonitorError
    ├── Problem             an HTTP answer as problem details (RFC 9457); rendered by `shared.http.app`
    ├── InvalidMessage      bad for ever: the record goes to the dead-letter topic
    ├── Unavailable         bad for now: try again with back-off; a write that raised it is *unknown*, not undone
    ├── LogReplaced         the Kafka log under a reader is not the one it was reading
    ├── TooManyDeadLetters  so many bad records that the code is the likelier culprit: the process ends
    └── SettingsError       a setting is missing or wrong; its text names the setting

Anything else that a message handler raises ends the process.
"""

from dataclasses import dataclass
from http import HTTPStatus


class WorldMonitorError(Exception):
    """The root: catch it only where a process or a request ends."""


@dataclass(frozen=True)
class FieldError:
    """One field at fault: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter."""

    pointer: str
    detail: str


class Problem(WorldMonitorError):
    """An HTTP error with its problem details."""

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
        """The members of RFC 9457, and `errors` where fields are at fault."""
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
    """A record that no retry can make good."""


class Unavailable(WorldMonitorError):
    """A server did not answer in time. What was asked of it may or may not have happened."""


class LogReplaced(WorldMonitorError):
    """The broker serves another log than before (an embedded broker was restarted, or a cluster was rebuilt)."""


class TooManyDeadLetters(WorldMonitorError):
    """The limit of dead letters was passed; see `shared.kafka.dead_letters`."""


class SettingsError(WorldMonitorError):
    """A setting is missing or wrong."""
