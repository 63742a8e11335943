"""Opaque ids, sortable by time of creation."""

import hashlib
import secrets
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80


class _Monotonic:
    """Monotonic ULIDs: within a millisecond the random part counts up (https://github.com/ulid/spec)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._random = 0

    def next(self, now_ms: int) -> int:
        with self._lock:
            if now_ms > self._last_ms:
                self._last_ms, self._random = now_ms, secrets.randbits(_RANDOM_BITS - 1)
            else:
                self._random += 1
            return (self._last_ms << _RANDOM_BITS) | self._random


_ids = _Monotonic()


def new_id() -> str:
    """A unique ULID in lower case: 26 characters, sorted by creation."""
    return _written(_ids.next(time.time_ns() // 1_000_000))


def new_uuid() -> UUID:
    """A unique UUID, version 7 (RFC 9562): its text is sorted by creation."""
    number = _ids.next(time.time_ns() // 1_000_000)
    milliseconds, random_a, random_b = number >> _RANDOM_BITS, number >> 62 & 0xFFF, number & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | random_a << 64 | 2 << 62 | random_b)


def derived_id(at: datetime, name: str) -> str:
    """The id of a thing from elsewhere, with the time of its creation: the same time and name give the same id, always.

    `name` names the thing with its source. Raises ValueError for a time before 1970.
    """
    milliseconds = round(at.timestamp() * 1000)
    if milliseconds < 0:
        raise ValueError("An id's time is after 1970.")
    random = int.from_bytes(hashlib.sha256(name.encode()).digest()[: _RANDOM_BITS // 8])
    return _written((milliseconds << _RANDOM_BITS) | random)


def _written(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def made_at(made_id: str) -> datetime:
    """Time of creation of an id, to the millisecond, from its first ten characters. Raises ValueError for other text."""
    return datetime.fromtimestamp(_milliseconds(made_id) / 1000, UTC)


def created_ms(text: str) -> int | None:
    """Time of creation of an id in milliseconds since 1970; None when the text is not such an id."""
    if len(text) != 26 or any(letter not in _ALPHABET for letter in text):
        return None
    return _milliseconds(text)


def _milliseconds(made_id: str) -> int:
    milliseconds = 0
    for letter in made_id[:10]:
        milliseconds = milliseconds * 32 + _ALPHABET.index(letter)
    return milliseconds
