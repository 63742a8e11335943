"""The keys of visitors' names in Redis: one for each local day, `popularity:{v}:key:<day>`, destroyed after it.

No process keeps a key longer than Redis does. Who has no key of a past day cannot tell which network a visitor of it had.
"""

import secrets

from redis.asyncio import Redis

from shared.redis import available

_BASE = "popularity:{v}:"
_KEY_BYTES = 32
# Redis forgets a key by itself this long after it should have been destroyed: every process may be away at that time.
_GRACE_S = 300
_MARK_S = 2 * 86_400


class VisitorKeyStore:
    """The keys of days. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def claim(self, day: str, offered: bytes | None, expires_s: int) -> bytes:
        """The key of a day: the one in Redis, else `offered` (a process's own copy), else a new one, until `expires_s`."""
        made = offered or secrets.token_bytes(_KEY_BYTES)
        async with available("visitor key"):
            was = await self._redis.set(f"{_BASE}key:{day}", made, nx=True, get=True, exat=expires_s + _GRACE_S)
        return was if isinstance(was, bytes) else made

    async def find(self, day: str) -> bytes | None:
        """The key of a day; None when there is none or it was destroyed."""
        async with available("visitor key"):
            found = await self._redis.get(f"{_BASE}key:{day}")
        return found if isinstance(found, bytes) else None

    async def destroy(self, day: str) -> bool:
        """Delete the key of a day, and once have Redis rewrite its append-only file, which still has it. True when it was asked to.

        Several processes may call this again and again: the file is rewritten once a day.
        """
        mark = f"{_BASE}destroyed:{day}"
        async with available("destroy visitor key"):
            await self._redis.unlink(f"{_BASE}key:{day}")
            if not await self._redis.set(mark, 1, nx=True, ex=_MARK_S):
                return False
        try:
            return await self._rewrite()
        except BaseException:
            # Another call tries again.
            async with available("destroy visitor key"):
                await self._redis.unlink(mark)
            raise

    async def _rewrite(self) -> bool:
        async with available("rewrite the append-only file"):
            persistence = await self._redis.info("persistence")
            if not int(persistence["aof_enabled"]):
                return False
            await self._redis.bgrewriteaof()
        return True
