"""The edge's configuration as text. tests/integration/deploy/edge tests it in nginx."""

import re
from pathlib import Path

import pytest

from deploy.edge.render import ERRORS, UPSTREAMS, Edge, error_style, has_front, render

ROOT = Path(__file__).resolve().parents[3]
SERVERS = {name: [f"{name}:8000"] for name in UPSTREAMS}


def test_service_without_a_server_is_named() -> None:
    servers = {**SERVERS, "comments": []}

    with pytest.raises(ValueError, match="comments"):
        render(Edge("8080", Path("/state"), servers))


def test_limits_are_present_unless_switched_off() -> None:
    limited = render(Edge("8080", Path("/state"), SERVERS))
    unlimited = render(Edge("8080", Path("/state"), SERVERS, rate_limits=False))

    assert "limit_req zone=reads" in limited
    assert not re.search(r"^ *limit_(req|conn)", unlimited, re.M)


def test_every_error_in_the_configuration_has_its_page() -> None:
    configuration = render(Edge("8080", Path("/state"), SERVERS))

    named = {
        word.strip(";").rpartition("/")[2]
        for word in configuration.split()
        if word.startswith("/_edge/") and "." in word
    }

    written = {form for name in named for form in _forms(name)}
    assert written == {path.name for path in ERRORS.iterdir()}


def _forms(name: str) -> list[str]:
    return [re.sub(r"\$\w+", form, name) for form in ("html", "json")]


def test_error_pages_share_the_one_permitted_style() -> None:
    pages = [path.read_text("utf-8") for path in ERRORS.glob("*.html")]

    assert len(pages) > 1
    assert len({page.partition("<style>")[2].partition("</style>")[0] for page in pages}) == 1
    assert f"style-src {error_style()}" in render(Edge("8080", Path("/state"), SERVERS))


def test_every_answer_of_the_edge_itself_keeps_the_headers_of_tls() -> None:
    edge = Edge("8080", Path("/state"), SERVERS, tls=Path("/tls"), http3=True, public_tls_port=443, front_port=8090)

    blocks = [block for block in re.split(r"[{}]", render(edge)) if "add_header" in block]

    assert len(blocks) > 2
    for block in blocks:
        assert 'add_header Strict-Transport-Security "max-age=31536000" always;' in block
        assert "add_header Alt-Svc 'h3=\":443\"; ma=86400' always;" in block


@pytest.mark.parametrize(
    ("port", "target"), [(443, "https://$host$request_uri"), (9443, "https://$host:9443$request_uri")]
)
def test_plain_port_redirects_to_the_published_port_of_tls(port: int, target: str) -> None:
    edge = Edge("8080", Path("/state"), SERVERS, tls=Path("/tls"), public_tls_port=port)

    assert f"return 308 {target};" in render(edge)


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("nginx version: nginx/1.29.4\nconfigure arguments: --with-stream --with-threads", True),
        ("nginx version: nginx/1.25.4\nconfigure arguments: --with-stream", False),
        ("nginx version: nginx/1.29.4\nconfigure arguments: --with-stream_ssl_module", False),
        ("nginx version: nginx/1.29.4\nconfigure arguments: --with-stream --without-stream_pass_module", False),
        ("something else", False),
    ],
)
def test_nginx_that_cannot_count_connections_is_recognised(version: str, found: bool) -> None:
    assert has_front(version) is found


def test_without_a_front_the_http_server_listens_itself() -> None:
    assert "stream {" in render(Edge("8080", Path("/state"), SERVERS, front_port=8090))
    assert "stream {" not in render(Edge("8080", Path("/state"), SERVERS))
    assert "stream {" not in render(Edge("8080", Path("/state"), SERVERS, front_port=8090, rate_limits=False))


def test_operators_table_has_the_limits_of_the_configuration() -> None:
    configuration = render(Edge("8080", Path("/state"), SERVERS))
    rates = dict(re.findall(r"zone=(\w+):\S+ rate=(\d+)r/s", configuration))
    bursts = set(re.findall(r"limit_req zone=(\w+) burst=(\d+)", configuration))
    table = (ROOT / "docs" / "OPERATIONS.md").read_text().partition("## Limits of the edge")[2].partition("## ")[0]

    rows = {zone: (rate, burst) for zone, rate, burst in re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \|", table, re.M)}

    assert rows == {zone: (rates[zone], burst) for zone, burst in bursts}
    assert len(bursts) == len(rates)
