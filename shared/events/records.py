"""Messages to Kafka and records from Kafka: bytes, not decoded."""

from dataclasses import dataclass
from typing import NamedTuple

Header = tuple[str, bytes]


@dataclass(frozen=True)
class Message:
    """An encoded message for a producer. A `value` of None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[Header, ...]


class Record(NamedTuple):
    """One record of the log, as a consumer received it. A tuple: a frozen dataclass takes five times as long to make."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: tuple[Header, ...]
    timestamp_ms: int

    def header(self, name: str) -> str | None:
        """The header's text, or None."""
        return next(((value or b"").decode("utf-8", "replace") for key, value in self.headers if key == name), None)
