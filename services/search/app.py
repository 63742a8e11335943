"""The search service, put together."""

from aiohttp import web

from services.search.desk import Desk
from services.search.routes import DESK, ROUTES, SECTIONS
from services.search.settings import SearchSettings
from shared.service import HEALTH, create_service
from shared.site import load_site


def create_app(settings: SearchSettings) -> web.Application:
    """The application: one whole index, kept in step with the log, and the questions to it."""
    app = create_service(settings, ROUTES)
    app[DESK] = desk = Desk(settings)
    app[SECTIONS] = frozenset(section.slug for section in load_site(settings.site).sections)
    app[HEALTH].add("index", desk.check)
    app.cleanup_ctx.append(desk.live)
    return app
