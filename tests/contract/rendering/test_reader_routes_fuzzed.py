"""Odd requests on every public route get an expected answer, never a server error.

Pages answer with HTML, `/v1` with problem details; also when the bytes are not HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.popularity.app import create_api
from services.rendering.settings import RenderingSettings
from tests.support.gateway import an_article, open_gateway, open_projector_harness
from tests.support.polling import PATIENCE_S
from tests.support.popularity import empty_redis, settings_for
from tests.support.projector import a_comment
from tests.support.search import running_search, search_settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 8
ARTICLE = an_article(id="lamp", tags=("Old Light",), bylines=("Ada B",))
# The routes that the edge forwards to each service. Each {} is replaced by an odd value.
ROUTES: Mapping[str, tuple[str, ...]] = {
    "rendering": (
        "/{}", "/?{}", "/{}/{}", "/world/{}", "/world?page={}", "/world/?page=1&page={}", "/{}?page=1",
        "/tag/{}", "/tag/old-light?page={}", "/author/{}", "/author/ada-b?page={}", "/world/lamp?comments={}",
        "/world/lamp/{}", "/popular?window={}", "/popular?section={}", "/popular?window=7d&language={}", "/popular/{}",
        "/popular/2026-11-28?section={}", "/popular/2026-W48?language={}",
        "/feed.xml?{}", "/{}/feed.xml", "/tag/{}/atom.xml", "/author/{}/feed.json", "/tag/old-light/{}.xml",
        "/sitemap.xml?{}", "/sitemap-{}.xml", "/news-sitemap.xml?{}", "/robots.txt{}", "/about/{}", "/about?{}",
        "/search?q={}", "/search?q=lake&page={}", "/search?q={}&section={}", "/search?{}", "/search/{}",
        "/search?q=lake&from={}", "/search?q=lake&from=2026-02-08&to={}",
        "/static/{}", "/static/{}.js?{}", "/media/{}", "/media/a/{}", "http://x/{}", "//{}",
        "/v1/oembed?url={}", "/v1/oembed?url=http://127.0.0.1:8080/{}", "/v1/oembed?url=a&maxwidth={}",
        "/v1/oembed?url=a&format={}", "/v1/oembed?{}", "/v1/live?article={}", "/v1/live?popular={}&language={}",
        "/v1/live?front={}", "/v1/live?front=1&last={}", "/v1/live?{}",
    ),
    "search": (
        "/v1/search?q={}", "/v1/search?q={}&q={}", "/v1/search?q=lake&section={}", "/v1/search?q=lake&from={}",
        "/v1/search?q=lake&to={}", "/v1/search?q=lake&limit={}", "/v1/search?q=lake&cursor={}", "/v1/search?{}", "/v1/search{}",
    ),
    "popularity": (
        "/v1/popular?window={}", "/v1/popular?section={}", "/v1/popular?limit={}", "/v1/popular?window=1h&window={}",
        "/v1/numbers/archive?day={}", "/v1/numbers/archive?week={}", "/v1/numbers/archive?day=2026-11-28&section={}",
        "/v1/popular?{}", "/v1/popular{}", "/v1/articles/{}/views", "/v1/articles/lamp/views?{}",
    ),
}  # fmt: skip
ODD_VALUES = (
    b"%", b"%%", b"%zz", b"%2", b"%00", b"%0d%0aX-Injected:%20yes", b"%ff%fe", b"%c0%af", b"%ed%a0%80", b"%f4%90%80%80",
    b"%e2%80%ae", b"..", b"%2e%2e%2fetc/passwd", b"../../x", b"0", b"-1", b"1.5", b"1e3", b"9" * 30, b"%D9%A1", b"%C2%B2",
    b"NaN", b"null", b"true", b"2h", b"1h&window=2h", b"a" * 300, b"a" * 2000, b"a" * 10_240, b"a/" * 400, b"a+" * 100,
    b"&" * 300, b"a=1&" * 300, b"page=1", b"q", b"q=", b"=", b";", b"#", b"?", b"[$gt]=", b"$where", b"\xd9\x85", b"\xff",
    b"\x01", b"\x7f", b"*:*", b"headline:(", b"body:[a+TO", b"%22", b"%22%22%22", b"lake~99", b"lake^-1", b"+lake+-lake",
    b"AND+OR+NOT", b"(" * 90, b"%5C", b"/.*/", b"*", b"?*?", b"<script>alert(1)</script>", b"{{7*7}}", b"2026-02-30",
    b"0001-01-01", b"9999-12-31", b"9999-12-31T23:59:59-23:59", b"2026-02-08T00:00:00", b"WyJhIiwiYiJd", b"W10", b"4pyT",
    b"%F0%9F%92%A1", b"%EF%BF%BE", b"%E2%80%A8", b"world", b"lamp", b"Old%20Light", b"OLD-LIGHT",
)  # fmt: skip
BYTES = st.binary(max_size=40)
ODD = st.one_of(
    st.sampled_from(ODD_VALUES),
    BYTES.map(lambda drawn: quote_from_bytes(drawn).encode()),
    BYTES.map(lambda drawn: drawn.translate(None, b"\r\n \t")),
    st.text(max_size=20).map(lambda drawn: quote_from_bytes(drawn.encode("utf-8", "surrogatepass")).encode()),
)


@dataclass(frozen=True)
class Answer:
    """A response: its status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def is_page(self) -> bool:
        """Whether it is an HTML page of the site."""
        return self.headers["content-type"].startswith("text/html") and b'<main id="text"' in self.body

    def is_problem(self) -> bool:
        """Whether it is problem details."""
        if self.headers["content-type"] != "application/problem+json":
            return False
        members: Mapping[str, object] = orjson.loads(self.body)
        return {"type", "title", "status", "detail"} <= members.keys()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ports(
    rendering_settings: RenderingSettings, kafka_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, int]]:
    """The port of each public service. They hold one article with a comment, indexed by search."""
    async with AsyncExitStack() as running:
        folder: Path = tmp_path_factory.mktemp("fuzzed")
        search = await running.enter_async_context(running_search(search_settings(kafka_url, folder)))
        redis = await running.enter_async_context(empty_redis(redis_url, 9))
        popularity = TestServer(create_api(settings_for(kafka_url, redis, mongo=rendering_settings.mongo)))
        await popularity.start_server()
        running.push_async_callback(popularity.close)
        projector = await running.enter_async_context(
            open_projector_harness(rendering_settings, f"test_{uuid4().hex[:12]}")
        )
        await projector.apply(ARTICLE, a_comment(ARTICLE.id))
        changes = {
            "search": f"http://127.0.0.1:{search.client.port}",
            "popularity": f"http://127.0.0.1:{popularity.port}",
        }
        gateway = await running.enter_async_context(open_gateway(projector.settings, projector.database, changes))
        found = {"rendering": gateway.client.port, "search": search.client.port, "popularity": popularity.port}
        yield {name: port for name, port in found.items() if port is not None}


async def ask(port: int, request: bytes) -> Answer:
    """Send bytes and read the response; of an event stream only the head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            streams = headers.get("content-type") == "text/event-stream"
            return Answer(int(first.split()[1]), headers, b"" if streams else await reader.read())
    finally:
        writer.transport.abort()


def get_request(target: bytes) -> bytes:
    """A request without further headers, on a connection that closes after its response."""
    return b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def drawn_targets(route: str, count: int) -> set[bytes]:
    """`count` variants of a route, with an odd value in each {}."""
    found: set[bytes] = set()
    parts = route.encode().split(b"{}")

    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=False
    )
    @given(st.lists(ODD, min_size=len(parts) - 1, max_size=len(parts) - 1))
    def draw(pieces: list[bytes]) -> None:
        target = parts[0] + b"".join(piece + part for piece, part in zip(pieces, parts[1:], strict=True))
        found.add(target)

    draw()
    return found


def is_expected(target: bytes, answer: Answer) -> bool:
    """Whether the route may give this answer."""
    if "x-injected" in answer.headers:
        return False
    if answer.status in (200, 301, 302):
        return True
    if target.startswith(b"/v1/"):
        statuses = (400, 404, 410, 422, *((501,) if b"format=" in target else ()))
        # A request line that cannot be parsed has no path, so its 400 may be a page.
        return answer.status in statuses and (answer.is_problem() or (answer.status == 400 and answer.is_page()))
    return answer.status in (400, 404, 410, 414) and answer.is_page()


@pytest.mark.parametrize("service", ROUTES)
async def test_odd_request_gets_an_expected_answer_on_every_route(ports: Mapping[str, int], service: str) -> None:
    targets = sorted({target for route in ROUTES[service] for target in drawn_targets(route, 7)})
    slots = asyncio.Semaphore(AT_ONCE)

    async def unexpected(target: bytes) -> str | None:
        async with slots:
            answer = await ask(ports[service], get_request(target))
        return (
            None
            if is_expected(target, answer)
            else f"{target[:120]!r}: {answer.status} {answer.headers} {answer.body[:80]!r}"
        )

    results = await asyncio.gather(*map(unexpected, targets))

    assert [result for result in results if result] == []


MALFORMED = {
    "raw bytes in the address": b"GET /w\xd9\x85 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a control character in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x01b\r\n\r\n",
    "an unknown method": b"FETCH / HTTP/1.1\r\nHost: x\r\n\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "an overlong line": b"GET /" + b"a" * 10_240 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "an overlong header": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 10_240 + b"\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("service", ROUTES)
async def test_malformed_request_gets_400_in_the_services_format(
    ports: Mapping[str, int], service: str, request_: bytes
) -> None:
    answer = await ask(ports[service], request_)

    assert answer.status == 400
    assert answer.is_page() if service == "rendering" else answer.is_problem()
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("path", "status"), [("/v1/live", 405), ("/v1/oembed", 405), ("/v1/nothing", 405)])
async def test_unsupported_method_on_the_api_gets_problem_details(
    ports: Mapping[str, int], path: str, status: int
) -> None:
    answer = await ask(ports["rendering"], f"DELETE {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    assert answer.status == status
    assert answer.is_problem()
    assert answer.headers["allow"] == "GET, HEAD"
