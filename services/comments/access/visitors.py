"""Visitors, by a keyed hash of network and browser. The key changes every day and is destroyed after two."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import structlog
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.http.visitors import address_of
from shared.times import now

_log = structlog.get_logger(__name__)

_DAY_S = 86_400
_READ_TIMEOUT_S = 0.5
_PREFIXES = {4: 24, 6: 48}


@dataclass(frozen=True)
class Visitor:
    """A visitor of one day. `network` is an address prefix such as `203.0.113.0/24`: personal data, kept 30 days at most.

    `network_id`: a keyed hash of the network alone, empty where `id` is. Anyone can change a User-Agent, and so `id`.
    """

    id: str
    network: str
    network_id: str = ""


class Visitors:
    """Names the visitor of a request. All instances share the day's key, which Redis deletes after two days."""

    def __init__(self, redis: Redis, *, trusts_edge: bool) -> None:
        self._redis = redis
        self._trusts_edge = trusts_edge
        self._key: tuple[str, bytes] = ("", b"")

    async def of(self, request: web.Request) -> Visitor:
        """The visitor of a request. Raises RedisError when the day's key cannot be read."""
        key = await self.todays_key()
        network = self.network(request)
        agent = request.headers.get("User-Agent", "")
        return Visitor(_digest(f"{network}\0{agent}", key), network, _digest(network, key))

    async def of_or_unknown(self, request: web.Request) -> Visitor:
        """The visitor of a request, without an id while the day's key cannot be read."""
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                return await self.of(request)
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("visitor.unknown", reason=repr(error))
            return Visitor("", self.network(request))

    def network(self, request: web.Request) -> str:
        """The address prefix of a request's sender (`prefix_of`)."""
        return prefix_of(address_of(request, trusts_edge=self._trusts_edge))

    async def todays_key(self) -> bytes:
        """The day's key, shared by all instances."""
        day = now().strftime("%Y-%m-%d")
        if self._key[0] != day:
            name = f"comments:visitor-key:{day}"
            await self._redis.set(name, secrets.token_bytes(32), nx=True, ex=2 * _DAY_S)
            found = await self._redis.get(name)
            self._key = (day, found if isinstance(found, bytes) else secrets.token_bytes(32))
        return self._key[1]


def _digest(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=16).hexdigest()


def prefix_of(address: str) -> str:
    """The /24 (IPv4) or /48 (IPv6) of an address; empty for any other text."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network(f"{found}/{_PREFIXES[found.version]}", strict=False))
