"""The edge's configuration as text. tests/integration/deploy/edge tests it in nginx."""

from pathlib import Path

import pytest

from deploy.edge.render import ERRORS, UPSTREAMS, Edge, error_style, render

SERVERS = {name: [f"{name}:8000"] for name in UPSTREAMS}


def test_service_without_a_server_is_named() -> None:
    servers = {**SERVERS, "comments": []}

    with pytest.raises(ValueError, match="comments"):
        render(Edge("8080", Path("/state"), servers))


def test_limits_are_present_unless_switched_off() -> None:
    limited = render(Edge("8080", Path("/state"), SERVERS))
    unlimited = render(Edge("8080", Path("/state"), SERVERS, rate_limits=False))

    assert "limit_req zone=reads" in limited
    assert "limit_req" not in unlimited
    assert "limit_conn" not in unlimited


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
    return [name.replace("$wm_form", form) for form in ("html", "json")] if "$" in name else [name]


def test_error_pages_share_the_one_permitted_style() -> None:
    pages = [path.read_text("utf-8") for path in ERRORS.glob("*.html")]

    assert len(pages) > 1
    assert len({page.partition("<style>")[2].partition("</style>")[0] for page in pages}) == 1
    assert f"style-src {error_style()}" in render(Edge("8080", Path("/state"), SERVERS))
