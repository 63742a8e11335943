"""Popularity's two processes: `create_api` (what readers reach) and `create_counter` (what counts)."""

from collections.abc import Mapping

from aiohttp import web

from services.popularity.counting import Counting
from services.popularity.routes import ARTICLES, BOARD, INTAKE, ROUTES, SECTIONS, STORE
from services.popularity.serving import Serving
from services.popularity.settings import PopularitySettings
from services.popularity.store import Store
from shared import redis
from shared.http.app import answer_first, create_service
from shared.http.health import HEALTH


def create_api(settings: PopularitySettings) -> web.Application:
    """Takes views, shows rankings and counts; belongs to no consumer group."""
    app = create_service(settings, ROUTES)
    app[STORE] = store = Store(redis.connect(settings.redis))
    serving = Serving(settings, store)
    app[ARTICLES], app[BOARD], app[INTAKE], app[SECTIONS] = (
        serving.articles, serving.board, serving.intake, serving.sections,
    )  # fmt: skip
    answer_first(app, serving.quick.answer)
    app[HEALTH].add("redis", lambda: _answers(store))
    app[HEALTH].add("rankings", serving.check)
    app.cleanup_ctx.append(serving.live)
    return app


def create_counter(settings: PopularitySettings) -> web.Application:
    """Counts views, keeps articles' cards, retires buckets, and ranks while it holds views.v1's first partition."""
    app = create_service(settings, [])
    app[STORE] = store = Store(redis.connect(settings.redis))
    counting = Counting(settings, store)
    app[HEALTH].add("redis", lambda: _answers(store))
    app[HEALTH].add("log", counting.check_log)
    app[HEALTH].add("counting", counting.check)
    app.cleanup_ctx.append(counting.live)
    return app


async def _answers(store: Store) -> Mapping[str, object]:
    await store.ping()
    return {}
