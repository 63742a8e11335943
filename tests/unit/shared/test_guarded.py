"""The client for other people's addresses: it reaches the public network and nothing else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from shared.http.guarded import FetchFailed, FetchLimits, FetchRefused, GuardedClient
from shared.http.networks import may_connect, read_networks

LOOPBACK = read_networks("127.0.0.0/8")
SECRET = b"a secret of the inner network"


class Names(AbstractResolver):
    """A name server of fixed answers."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses[host]
        ]

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class Inner:
    """A server on loopback, which counts the requests that reach it."""

    port: int = 0
    reached: list[str] = field(default_factory=list)

    def url(self, host: str, path: str = "/") -> str:
        """An address of the server by another name of its host."""
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def inner_server() -> AsyncIterator[Inner]:
    """Serve for the length of a block: `/to?url=` and `/loop` redirect, `/big` sends a mebibyte, `/slow` never ends."""
    inner = Inner()

    async def answer(request: web.Request) -> web.StreamResponse:
        inner.reached.append(request.path)
        if request.path == "/loop":
            return web.Response(status=302, headers={"Location": "/loop"})
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query["url"]})
        if request.path == "/missing":
            return web.Response(status=404)
        if request.path == "/slow":
            stream = web.StreamResponse()
            await stream.prepare(request)
            await asyncio.Event().wait()
        return web.Response(body=b"x" * 1_048_576 if request.path == "/big" else SECRET)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    inner.port = server.port or 0
    try:
        yield inner
    finally:
        await server.close()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *(
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:53aa:64c::1", "2001:db8::1"),
        *("", "localhost", "2130706433", "0177.0.0.1", "127.1"),
    ],
)
def test_address_that_is_not_public_is_forbidden(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_address_is_allowed(address: str) -> None:
    assert may_connect(address)


def test_network_of_the_setting_is_allowed_and_no_other() -> None:
    allowed = read_networks(" 127.0.0.0/8, ::1 ")

    assert [may_connect(one, allowed) for one in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "::2")] == [
        True, True, True, False, False,
    ]  # fmt: skip


# The forms of 127.0.0.1 that resolvers, URL parsers and operating systems take for it.
@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "017700000001", "0x7f000001", "0x7f.1", "127.0.0.1."),
        *(
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::]",
            "0.0.0.0",
            "0",
            "localhost",
            "LOCALHOST",
            "localhost.",
        ),
        *("①②⑦.⓪.⓪.①", "127。0。0。1"),
    ],
)
async def test_no_form_of_loopback_is_reached(host: str) -> None:
    async with inner_server() as inner, GuardedClient("test") as client:
        with pytest.raises((FetchRefused, FetchFailed)):
            await client.fetch(inner.url(host))

        assert inner.reached == []


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://files.example/", "file:///etc/passwd", "gopher://x.example/", "//x.example/", "/path", "", "http://"),
        *("http://me@x.example/", "http://x.example:99999/", "http://[::1", "http://x.example/" + "a" * 4000),
    ],
)
async def test_address_that_is_no_plain_web_address_is_refused(url: str) -> None:
    async with GuardedClient("test") as client:
        with pytest.raises(FetchRefused):
            await client.fetch(url)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["::ffff:127.0.0.1"]]
)
async def test_name_with_a_private_address_is_refused_whole(addresses: Sequence[str]) -> None:
    async with inner_server() as inner, GuardedClient("test", resolver=Names({"evil.example": addresses})) as client:
        with pytest.raises(FetchRefused, match=r"evil\.example"):
            await client.fetch(inner.url("evil.example"))

        assert inner.reached == []


async def test_redirect_to_a_private_address_is_refused() -> None:
    # The first host is allowed; the redirect leads to one that is not.
    names = Names({"open.example": ["127.0.0.1"], "closed.example": ["10.0.0.1"]})
    async with inner_server() as inner, GuardedClient("test", allowed=LOOPBACK, resolver=names) as client:
        for target in ("http://10.0.0.1/", "http://closed.example/", "http://[fd00:ec2::254]/", "file:///etc/passwd"):
            with pytest.raises(FetchRefused):
                await client.fetch(inner.url("open.example", f"/to?url={target}"))

        assert set(inner.reached) == {"/to"}


async def test_redirects_are_followed_up_to_the_limit() -> None:
    async with inner_server() as inner, GuardedClient("test", allowed=LOOPBACK) as client:
        found = await client.fetch(inner.url("127.0.0.1", "/to?url=/missing"))
        with pytest.raises(FetchFailed, match="redirects"):
            await client.fetch(inner.url("127.0.0.1", "/loop"))

    assert (found.status, found.url) == (404, inner.url("127.0.0.1", "/missing"))


async def test_post_follows_no_redirect() -> None:
    async with inner_server() as inner, GuardedClient("test", allowed=LOOPBACK) as client:
        found = await client.fetch(inner.url("127.0.0.1", "/to?url=/"), method="POST", body=b"{}")

        assert (found.status, inner.reached) == (302, ["/to"])


async def test_body_is_cut_at_its_limit() -> None:
    async with inner_server() as inner, GuardedClient("test", allowed=LOOPBACK) as client:
        whole = await client.fetch(inner.url("127.0.0.1"))
        cut = await client.fetch(inner.url("127.0.0.1", "/big"), most_bytes=1000)

    assert (whole.body, whole.is_cut) == (SECRET, False)
    assert (len(cut.body), cut.is_cut) == (1000, True)


async def test_answer_that_never_ends_fails_in_time() -> None:
    limits = FetchLimits(total_s=0.2)
    async with inner_server() as inner, GuardedClient("test", allowed=LOOPBACK, limits=limits) as client:
        with pytest.raises(FetchFailed, match=r"0\.2 s"):
            await client.fetch(inner.url("127.0.0.1", "/slow"))
