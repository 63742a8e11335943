"""The edge with TLS: everything is redirected there, and every answer asks browsers to stay."""

import socket
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector

from deploy.edge.render import Edge
from tests.support.edge import Behind, StartEdge
from tests.support.ports import free_port


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    folder = tmp_path / "tls"
    folder.mkdir()
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", "privkey.pem", "-out", "fullchain.pem"]
    subprocess.run([*command.split(), *files], cwd=folder, check=True, capture_output=True)
    return folder


def _front_port() -> int:
    """A free port whose successor is free too."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


async def test_tls_edge_redirects_and_keeps_browsers(
    start_edge: StartEdge, behind: Behind, certificate: Path, tmp_path: Path, client: ClientSession
) -> None:
    tls, inside = free_port(), free_port()
    (tmp_path / "picture.avif").write_bytes(b"avif")
    (tmp_path / "openapi.json").write_text("{}")

    def with_tls(edge: Edge) -> Edge:
        edge = replace(edge, tls=certificate, tls_listen=f"127.0.0.1:{tls}", public_tls_port=tls)
        return replace(edge, inside=f"127.0.0.1:{inside}", front_port=_front_port())

    plain = await start_edge(rate_limits=True, adapt=with_tls)
    secure = f"https://127.0.0.1:{tls}"

    async with client.post(f"{plain}/v1/views?x=1", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, f"{secure}/v1/views?x=1")
    async with client.get(f"http://127.0.0.1:{inside}/world") as answer:
        assert answer.status == 200
    async with ClientSession(connector=TCPConnector(ssl=_trusting())) as reader:
        for path, status in (
            ("/world", 200),
            ("/v1/popular", 200),
            ("/v1/openapi.json", 200),
            ("/v1/nowhere", 404),
        ):
            async with reader.get(secure + path) as answer:
                assert (answer.status, answer.headers["Strict-Transport-Security"]) == (status, "max-age=31536000")
    assert [request.headers["X-Forwarded-Proto"] for request in behind["rendering"].asked] == ["http", "https"]


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
