"""The search service: its parts."""

from aiohttp import web

from services.search.routes import ROUTES, SEARCHER, SECTIONS
from services.search.searcher import Searcher
from services.search.settings import SearchSettings
from shared.http.app import create_service
from shared.http.health import HEALTH
from shared.site.site import load_site


def create_app(settings: SearchSettings) -> web.Application:
    """The application: one complete index, updated from the log, and the searches in it."""
    app = create_service(settings, ROUTES)
    app[SEARCHER] = searcher = Searcher(settings)
    app[SECTIONS] = frozenset(section.slug for section in load_site(settings.site).sections)
    app[HEALTH].add("index", searcher.check)
    app.cleanup_ctx.append(searcher.live)
    return app
