"""The search service, put together."""

from aiohttp import web

from services.search.routes import DESK, ROUTES, SECTIONS
from services.search.searcher import Searcher
from services.search.settings import SearchSettings
from shared.http.app import create_service
from shared.http.health import HEALTH
from shared.site.site import load_site


def create_app(settings: SearchSettings) -> web.Application:
    """The application: one whole index, kept in step with the log, and the questions to it."""
    app = create_service(settings, ROUTES)
    app[DESK] = desk = Searcher(settings)
    app[SECTIONS] = frozenset(section.slug for section in load_site(settings.site).sections)
    app[HEALTH].add("index", desk.check)
    app.cleanup_ctx.append(desk.live)
    return app
