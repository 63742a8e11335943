"""HTTP in: views of browsers without scripts, as a picture of one pixel."""

from uuid import uuid4

import structlog
from aiohttp import web
from pydantic import ValidationError

from services.popularity import metrics
from services.popularity.contract import ViewIn
from services.popularity.views.rules import is_own_picture
from services.popularity.views.view_routes import SITE_ORIGIN, record_view
from shared.errors import Problem, Unavailable
from shared.http.problems import SECURITY_HEADERS

_log = structlog.get_logger(__name__)

# A transparent GIF of one pixel.
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


async def show_pixel(request: web.Request) -> web.StreamResponse:
    """Count a view by the rules of `POST /v1/views`. A view that is refused gets the picture too: pages show no broken one."""
    try:
        await _count(request)
    except (Problem, Unavailable) as error:
        _log.info("pixel.not_counted", reason=str(error))
    return web.Response(body=PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store", **SECURITY_HEADERS})


async def _count(request: web.Request) -> None:
    if not is_own_picture(request.headers, request.app[SITE_ORIGIN]):
        metrics.VIEWS_REFUSED.labels("cross-site").inc()
        return
    try:
        view = ViewIn(article_id=request.query.get("article_id", ""))
    except ValidationError as error:
        raise Problem(422, "The picture's address must name an article.") from error
    await record_view(request, view, uuid4())


ROUTES = [web.get("/v1/views/pixel.gif", show_pixel, allow_head=False)]
