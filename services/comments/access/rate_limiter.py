"""Rate limits of comments and letters by visitor. A visitor is a keyed hash of an address; the key changes every day."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from time import monotonic, time

import structlog
from aiohttp import web
from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.comments.access.local_limit import LocalLimit
from services.comments.access.visitors import Visitors
from services.comments.settings import CommentsSettings
from shared.admission import Admission
from shared.errors import Problem, SettingsError, Unavailable
from shared.http.visitors import network_of
from shared.process.redis_memory import LIMITS_BELOW, RedisMemory
from shared.redis import connect

_log = structlog.get_logger(__name__)

# A reader must not wait for a counter: after this time this process counts the comment itself.
_COUNT_TIMEOUT_S = 0.5
# The timeout above starts with a comment's turn, so that the end of a burst is still counted.
_AT_ONCE = 8
_TURN_TIMEOUT_S = 2.0


class RateLimiter:
    """The limit by visitor. When Redis is away or nearly full, each process counts alone, at a low rate for all together.

    `reactions` limits votes and reports, which are counted apart from comments and letters.
    """

    def __init__(self, settings: CommentsSettings, *, reactions: bool = False) -> None:
        self._enabled = settings.rate_limits == "on"
        self._trusts_edge = settings.forwarded_for
        self._rates = parse_rates(settings.comments_reactions_rate if reactions else settings.comments_rate)
        self._redis: Redis = connect(settings.redis, most_connections=_AT_ONCE)
        self._limiter = MovingWindowRateLimiter(
            RedisStorage(
                f"async+{settings.redis}",
                implementation="redispy",
                key_prefix="comments:reactions" if reactions else "comments:limit",
                connection_pool=self._redis.connection_pool,  # type: ignore[arg-type]  # passed on; its type hint lacks it
            )
        )
        self._admission = Admission("rate limit", at_once=_AT_ONCE, wait_s=_TURN_TIMEOUT_S)
        self._memory = RedisMemory(self._redis)
        self._local = LocalLimit(self._rates)
        self._local_key = secrets.token_bytes(32)
        self.visitors = Visitors(self._redis, trusts_edge=settings.forwarded_for)

    async def admit(self, request: web.Request) -> None:
        """Count one request of this visitor; 429 with Retry-After above the limit."""
        if not self._enabled:
            return
        try:
            async with self._admission.turn(), asyncio.timeout(_COUNT_TIMEOUT_S):
                await self._check_room()
                wait_s = await self._wait_s(self._pseudonym(request, await self.visitors.todays_key()))
        except (RedisError, OSError, TimeoutError, Unavailable) as error:
            _log.warning("limit.local", reason=repr(error))
            wait_s = self._local.wait_s(self._pseudonym(request, self._local_key), monotonic())
        if wait_s is not None:
            raise Problem(
                429, "You have sent much in a short time; wait a little.", headers={"Retry-After": str(wait_s)}
            )

    async def _wait_s(self, visitor: str) -> int | None:
        for rate in self._rates:
            if not await self._limiter.hit(rate, visitor):
                stats = await self._limiter.get_window_stats(rate, visitor)
                return max(1, round(stats.reset_time - time()))
        return None

    async def _check_room(self) -> None:
        """Raises Unavailable while the counters of views need the rest of Redis' memory."""
        if await self._memory.share() >= LIMITS_BELOW:
            raise Unavailable("Redis is nearly full")

    def _pseudonym(self, request: web.Request, key: bytes) -> str:
        sender = network_of(request, trusts_edge=self._trusts_edge)
        return hashlib.blake2b(sender.encode("utf-8", "surrogateescape"), key=key, digest_size=16).hexdigest()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


def parse_rates(text: str) -> Sequence[RateLimitItem]:
    """Parse limits in the library's notation. Raises SettingsError."""
    try:
        return parse_many(text)
    except ValueError as error:
        raise SettingsError(f"WM_COMMENTS_RATE or WM_COMMENTS_REACTIONS_RATE: {error}") from error
