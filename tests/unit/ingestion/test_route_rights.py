"""The table of routes and their rights: complete, and as README.md shows it."""

from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from services.ingestion import route_rights
from services.ingestion.app import ROUTES
from services.ingestion.route_rights import ROUTE_RIGHTS
from shared.http.health import HEALTH_ROUTES

README = Path(route_rights.__file__).with_name("README.md")


def routes() -> Iterator[str]:
    """Every route of the service, as `METHOD /path/{name}`. aiohttp adds HEAD to each GET."""
    app = web.Application()
    app.add_routes([*ROUTES, *HEALTH_ROUTES])
    for route in app.router.routes():
        assert route.resource is not None
        if route.method != "HEAD":
            yield f"{route.method} {route.resource.canonical}"


def readme_rows() -> list[str]:
    """The lines of README.md's table of rights and routes."""
    needs = dict.fromkeys(ROUTE_RIGHTS.values())
    grouped = {need: [route for route, wanted in ROUTE_RIGHTS.items() if wanted == need] for need in needs}
    return [f"| {need} | {', '.join(f'`{route}`' for route in found)} |" for need, found in grouped.items()]


def test_every_route_has_a_right_and_every_right_a_route() -> None:
    found = set(routes())

    assert found - set(ROUTE_RIGHTS) == set(), "add the new route to services/ingestion/route_rights.py"
    assert set(ROUTE_RIGHTS) - found == set()


def test_readme_shows_the_table_of_routes() -> None:
    lines = README.read_text("utf-8").splitlines()
    start = lines.index("| right | routes |")

    shown = lines[start + 2 : start + 2 + len(readme_rows())]

    assert shown == readme_rows(), "run: python -m tests.support.route_table"
