"""The log lines of failed requests hold no secret of the path."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from shared.errors import Unavailable
from shared.http.middleware import answer_problems


async def fail(request: web.Request) -> web.Response:
    """Fail as while MongoDB is away, or as a defect does."""
    raise Unavailable("away") if request.query else RuntimeError("a defect")


@pytest.mark.parametrize(("query", "status"), [("?away=1", 503), ("", 500)])
async def test_token_in_the_path_is_not_logged(query: str, status: int) -> None:
    app = web.Application(middlewares=(answer_problems,))
    app.add_routes([web.get("/links/{token}/of/{id}", fail)])

    async with TestClient(TestServer(app)) as client:
        with capture_logs() as logs:
            answer = await client.get(f"/links/secret/of/7{query}")

    assert answer.status == status
    assert [one["path"] for one in logs] == ["/links/{token}/of/7"]
