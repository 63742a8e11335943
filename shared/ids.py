"""Opaque ids, sortable by creation."""

import secrets
import threading
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80


class _Monotonic:
    """ULID's rule for ids made in the same millisecond: the random part counts on (https://github.com/ulid/spec)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._tail = 0

    def next(self, now_ms: int) -> int:
        with self._lock:
            if now_ms > self._last_ms:
                self._last_ms, self._tail = now_ms, secrets.randbits(_RANDOM_BITS - 1)
            else:
                self._tail += 1
            return (self._last_ms << _RANDOM_BITS) | self._tail


_ids = _Monotonic()


def new_id() -> str:
    """A ULID in lower case: 26 characters, sorted by creation, never twice the same."""
    number = _ids.next(time.time_ns() // 1_000_000)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def made_at(made_id: str) -> datetime:
    """When an id was made, to the millisecond, from its first ten characters. Raises ValueError for what is no id of ours."""
    return datetime.fromtimestamp(_milliseconds(made_id) / 1000, UTC)


def created_ms(text: str) -> int | None:
    """When an id was made, in milliseconds since 1970; None for a text that is not one of ours."""
    if len(text) != 26 or any(sign not in _ALPHABET for sign in text):
        return None
    return _milliseconds(text)


def _milliseconds(made_id: str) -> int:
    milliseconds = 0
    for sign in made_id[:10]:
        milliseconds = milliseconds * 32 + _ALPHABET.index(sign)
    return milliseconds
