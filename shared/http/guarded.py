"""The one HTTP client for addresses that someone else chose: links of articles, feeds, webhooks, hubs.

It connects to public addresses only, and checks them where they count: each address that DNS gives, and each socket right before
it connects. Redirects are followed one by one, each checked like the first address.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.admission import Admission
from shared.errors import WorldMonitorError
from shared.http.networks import Network, may_connect

_SCHEMES = frozenset({"http", "https"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_URL = 4000
_CHUNK_BYTES = 16_384
_DNS_THREADS = 4
_WAIT_S = 60.0

# What `TCPConnector` passes to a socket factory: family, type, protocol, canonical name, socket address.
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


class FetchRefused(WorldMonitorError):
    """The address, or one that it leads to, must not be fetched. No retry can help."""


class FetchFailed(WorldMonitorError):
    """The other side did not answer as HTTP does, or not in time."""


class _AddressRefused(OSError):
    """Raised inside aiohttp, which passes on an OSError only."""


@dataclass(frozen=True)
class FetchLimits:
    """Bounds of each fetch: total seconds, bytes of the body, redirects; and fetches at once."""

    total_s: float = 10.0
    most_bytes: int = 5 * 1024 * 1024
    most_redirects: int = 5
    at_once: int = 8


@dataclass(frozen=True)
class Fetched:
    """An answer: its status, the address that gave it, its headers, and its body. `is_cut`: the body was longer."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool


@dataclass(frozen=True)
class Streamed:
    """An answer whose body is read piece by piece. `chunks` raises FetchFailed where the body breaks off."""

    status: int
    url: str
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class PublicResolver(AbstractResolver):
    """Resolves names by another resolver. A name with any forbidden address is refused whole."""

    def __init__(self, resolver: AbstractResolver, allowed: Sequence[Network]) -> None:
        self._resolver = resolver
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name."""
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            if not may_connect(result["host"], self._allowed):
                raise _AddressRefused(f"{host} is at {result['host']}")
        return found

    async def close(self) -> None:
        """Close the other resolver."""
        await self._resolver.close()


class PooledResolver(AbstractResolver):
    """The system's resolver in a few threads of its own. A slow DNS server must not take the event loop's default threads."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises OSError where there are none."""
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._pool, look_up)
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol,
                          flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
            for kind, _, protocol, _, address in found
        ]  # fmt: skip

    async def close(self) -> None:
        """Let the threads end; one that waits for DNS ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class GuardedClient:
    """Fetches public addresses. An async context manager; `allowed` lists networks that are allowed although not public.

    `resolver` is the system's unless a test gives another one.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        allowed: Sequence[Network] = (),
        limits: FetchLimits | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = allowed
        self._limits = limits or FetchLimits()
        self._resolver = resolver
        self._headers = {"User-Agent": user_agent}
        self._slots = Admission("fetch", at_once=self._limits.at_once, wait_s=_WAIT_S)
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int | None = None,
    ) -> Fetched:
        """Fetch an address. Reads at most `most_bytes` of the body. Only GET and HEAD follow redirects.

        Raises FetchRefused for an address that must not be fetched, FetchFailed when nothing usable answers in time, and
        Unavailable when too many other fetches run.
        """
        most = self._limits.most_bytes if most_bytes is None else min(most_bytes, self._limits.most_bytes)
        async with self._slots.turn():
            try:
                async with asyncio.timeout(self._limits.total_s):
                    return await self._follow(method, url, body, {**self._headers, **(headers or {})}, most)
            except TimeoutError as error:
                raise FetchFailed(f"no whole answer within {self._limits.total_s:g} s") from error

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str] | None = None) -> AsyncIterator[Streamed]:
        """GET an address for a block that reads the body, within the limit of time but of any size. Errors as `fetch`."""
        async with self._slots.turn():
            try:
                async with asyncio.timeout(self._limits.total_s):
                    async with self._opened(url, {**self._headers, **(headers or {})}) as answer:
                        yield answer
            except TimeoutError as error:
                raise FetchFailed(f"no whole answer within {self._limits.total_s:g} s") from error

    @asynccontextmanager
    async def _opened(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Streamed]:
        for _ in range(self._limits.most_redirects + 1):
            check_url(url, self._allowed)
            try:
                answer = await self._session().get(url, headers=headers, allow_redirects=False)
            except (aiohttp.ClientError, ValueError, OSError) as error:
                raise _problem_of(error) from error
            target = answer.headers.get("Location")
            if answer.status in _REDIRECTS and target:
                answer.close()
                url = _target(url, target)
                continue
            try:
                yield Streamed(answer.status, url, answer.headers, _chunks(answer))
            finally:
                answer.close()
            return
        raise FetchFailed(f"more than {self._limits.most_redirects} redirects")

    async def _follow(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], most_bytes: int
    ) -> Fetched:
        follows = method in ("GET", "HEAD")
        for _ in range(self._limits.most_redirects + 1):
            check_url(url, self._allowed)
            answer = await self._request(method, url, body, headers, most_bytes)
            target = answer.headers.get("Location")
            if not (follows and answer.status in _REDIRECTS and target):
                return answer
            url = _target(url, target)
        raise FetchFailed(f"more than {self._limits.most_redirects} redirects")

    async def _request(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], most_bytes: int
    ) -> Fetched:
        try:
            request = self._session().request(method, url, data=body, headers=headers, allow_redirects=False)
            async with request as answer:
                content, is_cut = await _read(answer, most_bytes)
                return Fetched(answer.status, url, answer.headers, content, is_cut)
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise _problem_of(error) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(
                resolver=PublicResolver(self._resolver or PooledResolver(_DNS_THREADS), self._allowed),
                socket_factory=self._open_socket,
                limit=self._limits.at_once,
                # A name may move from a public to a private address between two requests.
                use_dns_cache=False,
                force_close=True,
            )
            # No cookies, no proxies, no passwords of the environment.
            self._http = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=True
            )
        return self._http

    def _open_socket(self, info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not may_connect(str(address[0]), self._allowed):
            raise _AddressRefused(f"{address[0]} is no public address")
        return socket.socket(family=family, type=kind, proto=protocol)


def check_url(url: str, allowed: Sequence[Network] = ()) -> None:
    """Raise FetchRefused unless it is an http or https address of a host, without a user name."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FetchRefused(f"no address: {error}") from error
    if parts.scheme not in _SCHEMES or not host or "@" in parts.netloc or len(url) > _LONGEST_URL:
        raise FetchRefused("no http or https address without a user name")
    if ":" in host and not may_connect(host, allowed):
        raise FetchRefused(f"{host} is no public address")


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchRefused(f"a redirect to no address: {error}") from error


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            yield chunk
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise _problem_of(error) from error


async def _read(answer: aiohttp.ClientResponse, most_bytes: int) -> tuple[bytes, bool]:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        content += chunk
        if len(content) > most_bytes:
            answer.close()
            return bytes(content[:most_bytes]), True
    return bytes(content), False


def _problem_of(error: BaseException) -> WorldMonitorError:
    """Find our refusal inside aiohttp's errors; an address that is no address is refused, too."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _AddressRefused):
            return FetchRefused(str(seen))
        seen = seen.os_error if isinstance(seen, aiohttp.ClientConnectorError) else seen.__cause__
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return FetchRefused(f"no address: {error}")
    return FetchFailed(repr(error))
