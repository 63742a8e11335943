"""Rate limits of comments and letters by visitor. A visitor is a keyed hash of an address; the key changes every day."""

import asyncio
import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from time import time

import structlog
from aiohttp import web
from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.comments.settings import CommentsSettings
from shared.admission import Admission
from shared.errors import Problem, SettingsError, Unavailable
from shared.redis import connect
from shared.times import now

_log = structlog.get_logger(__name__)

# A reader must not wait for a counter: after this time the comment passes uncounted.
_COUNT_TIMEOUT_S = 0.5
# The timeout above starts with a comment's turn, so that the end of a burst is still counted.
_AT_ONCE = 8
_TURN_TIMEOUT_S = 2.0
_DAY_S = 86_400
_IPV6_NETWORK = 64


class RateLimiter:
    """The limit by visitor. Without Redis comments pass uncounted: the discussion matters more than the limit."""

    def __init__(self, settings: CommentsSettings) -> None:
        self._enabled = settings.rate_limits == "on"
        self._trusts_edge = settings.forwarded_for
        self._rates = parse_rates(settings.comments_rate)
        self._redis: Redis = connect(settings.redis, most_connections=_AT_ONCE)
        self._limiter = MovingWindowRateLimiter(
            RedisStorage(
                f"async+{settings.redis}",
                implementation="redispy",
                key_prefix="comments:limit",
                connection_pool=self._redis.connection_pool,  # type: ignore[arg-type]  # passed on; its type hint lacks it
            )
        )
        self._admission = Admission("rate limit", at_once=_AT_ONCE, wait_s=_TURN_TIMEOUT_S)
        self._key: tuple[str, bytes] = ("", b"")

    async def admit(self, request: web.Request) -> None:
        """Count one comment or letter of this visitor; 429 with Retry-After above the limit."""
        if not self._enabled:
            return
        try:
            async with self._admission.turn(), asyncio.timeout(_COUNT_TIMEOUT_S):
                wait_s = await self._wait_s(await self._pseudonym(request))
        except (RedisError, OSError, TimeoutError, Unavailable) as error:
            _log.warning("limit.skipped", reason=repr(error))
            return
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

    async def _pseudonym(self, request: web.Request) -> str:
        key = await self._todays_key()
        return hashlib.blake2b(self._address(request).encode(), key=key, digest_size=16).hexdigest()

    def _address(self, request: web.Request) -> str:
        # The edge appends the last entry. A visitor can invent the others.
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        address = forwarded if forwarded and self._trusts_edge else request.remote or ""
        return network(address)

    async def _todays_key(self) -> bytes:
        """The day's key, shared by all instances. Redis deletes it after two days, so old hashes stay anonymous."""
        day = now().strftime("%Y-%m-%d")
        if self._key[0] != day:
            name = f"comments:visitor-key:{day}"
            await self._redis.set(name, secrets.token_bytes(32), nx=True, ex=2 * _DAY_S)
            found = await self._redis.get(name)
            self._key = (day, found if isinstance(found, bytes) else secrets.token_bytes(32))
        return self._key[1]

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


def parse_rates(text: str) -> Sequence[RateLimitItem]:
    """Parse limits in the library's notation. Raises SettingsError."""
    try:
        return parse_many(text)
    except ValueError as error:
        raise SettingsError(f"WM_COMMENTS_RATE: {error}") from error


def network(address: str) -> str:
    """The network of one visitor: an IPv4 address, or the /64 of an IPv6 address, which one household has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network(f"{found}/{_IPV6_NETWORK}", strict=False))
