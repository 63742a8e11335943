"""Idempotency-Keys of views in Redis. What anonymous visitors can make Redis keep is bounded, for one and for all.

A key belongs to its visitor (a keyed hash of the network). Keys are bound in one hash for each half day,
`popularity:{keys}:<half day>`, which is looked up for 24 to 36 hours and then expires. `popularity:{keys}:secret` is the key of
the hashes. An entry costs 100 bytes, so all keys at most 30 MB.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Literal
from uuid import UUID

from redis.asyncio import Redis

from services.popularity.model.rules import event_id_from_key
from shared.redis import available

HALF_DAY_S = 12 * 3600
_HELD = 3
MOST_KEYS_OF_A_VISITOR = 1_000
# Keys and counts of visitors, in a half day.
MOST_ENTRIES = 100_000
_BASE = "popularity:{keys}:"
# A Redis that was emptied has another secret.
_SECRET_FRESH_S = 30.0

Status = Literal["FREE", "BOUND", "VISITOR", "FULL"]


@dataclass(frozen=True)
class ScopedKey:
    """A visitor's Idempotency-Key, hashed. `event_id` is the id of a view without one."""

    visitor: bytes
    digest: bytes
    event_id: UUID


@dataclass(frozen=True)
class Binding:
    """What a key is bound to: whether to this request, and whether that was acknowledged."""

    status: Status
    is_same: bool = False
    is_answered: bool = False


class KeyStore:
    """The bound keys. Every method raises Unavailable when Redis does not answer or is full. `now_s` is seconds since 1970."""

    def __init__(
        self, redis: Redis, *, most_of_visitor: int = MOST_KEYS_OF_A_VISITOR, most_entries: int = MOST_ENTRIES
    ) -> None:
        self._redis = redis
        self._most_of_visitor = most_of_visitor
        self._most_entries = most_entries
        self._secret: tuple[float, bytes] = (float("-inf"), b"")
        self._claim = redis.register_script(Path(__file__).with_name("claim_key.lua").read_text())

    async def scope(self, network: str, key: str) -> ScopedKey:
        """The key of this visitor: another visitor's same key is another one."""
        visitor = hashlib.blake2b(
            network.encode("utf-8", "surrogateescape"), key=await self._read_secret(), digest_size=16
        )
        digest = hashlib.blake2b(key.encode(), key=visitor.digest(), digest_size=12).digest()
        return ScopedKey(visitor.digest()[:8], digest, event_id_from_key(f"{visitor.hexdigest()}:{key}"))

    async def find(self, key: ScopedKey, request: bytes, now_s: int) -> Binding:
        """What the key is bound to; FREE for an unbound one."""
        async with available("idempotency key"):
            pipeline = self._redis.pipeline(transaction=False)
            for name in _hashes(now_s):
                pipeline.hget(name, b"k" + key.digest)
            found = [value for value in await pipeline.execute() if value is not None]
        return _binding(found[0], request) if found else Binding("FREE")

    async def claim(self, key: ScopedKey, request: bytes, now_s: int) -> Binding:
        """Bind the key to this request, unless it is bound or there are too many."""
        args: list[bytes | int] = [
            key.digest,
            request,
            key.visitor,
            self._most_of_visitor,
            self._most_entries,
            _expiry(now_s),
        ]
        async with available("idempotency key"):
            status, value = await self._claim(keys=_hashes(now_s), args=args)
        if status == b"BOUND":
            return _binding(value, request)
        return Binding("VISITOR" if status == b"VISITOR" else "FULL")

    async def mark_answered(self, key: ScopedKey, request: bytes, now_s: int) -> None:
        """Record that the request was acknowledged, so that a repetition is not sent again."""
        name = _hashes(now_s)[0]
        async with available("idempotency key"):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(name, b"k" + key.digest, request + b"1")
            pipeline.expireat(name, _expiry(now_s))
            await pipeline.execute()

    async def _read_secret(self) -> bytes:
        read_at, secret = self._secret
        if monotonic() - read_at > _SECRET_FRESH_S:
            async with available("idempotency key"):
                found = await self._redis.get(f"{_BASE}secret") or await self._make_secret()
            secret = found if isinstance(found, bytes) else found.encode()
            self._secret = monotonic(), secret
        return secret

    async def _make_secret(self) -> bytes:
        made = secrets.token_bytes(32)
        was = await self._redis.set(f"{_BASE}secret", made, nx=True, get=True)
        return was if isinstance(was, bytes) else made


def request_digest(article: str, event_id: UUID) -> bytes:
    """Distinguishes the bodies sent with one key."""
    return hashlib.sha256(f"{article}\0{event_id}".encode()).digest()[:8]


def _expiry(now_s: int) -> int:
    return (now_s // HALF_DAY_S + _HELD) * HALF_DAY_S


def _hashes(now_s: int) -> Sequence[str]:
    return [f"{_BASE}{now_s // HALF_DAY_S - back}" for back in range(_HELD)]


def _binding(value: bytes, request: bytes) -> Binding:
    return Binding("BOUND", is_same=value[:8] == request, is_answered=value[8:] == b"1")
