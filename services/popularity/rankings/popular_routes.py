"""HTTP in: rankings, from memory."""

from collections.abc import Mapping

from aiohttp import web
from yarl import URL

from services.popularity.rankings.ranking_cache import RankingCache
from shared.errors import Problem
from shared.events import WINDOWS, Window
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_limit, refuse_unknown

RANKING_CACHE = web.AppKey("ranking_cache", RankingCache)
SECTIONS = web.AppKey("sections", frozenset[str])

_WINDOWS: Mapping[str, Window] = {window: window for window in WINDOWS}


async def list_popular(request: web.Request) -> web.StreamResponse:
    """The newest ranking of a window, from memory."""
    return json_response(rank(request.app[RANKING_CACHE], request.app[SECTIONS], request.query))


def rank(cache: RankingCache, sections: frozenset[str], query: Mapping[str, str]) -> bytes:
    """The JSON of a ranking; 422 for a wrong query."""
    refuse_unknown(query, ("window", "section", "limit"))
    window = query.get("window", "24h")
    if window not in _WINDOWS:
        raise field_problem("?window", f"window is one of {', '.join(WINDOWS)}.")
    section = query.get("section") or None
    if section is not None and section not in sections:
        raise field_problem("?section", "There is no such section.")
    return cache.answer(_WINDOWS[window], section, read_limit(query))


def rank_at(cache: RankingCache, sections: frozenset[str], path: str) -> bytes | None:
    """`rank` for a raw request path; None for a wrong query, so that `list_popular` answers the problem."""
    address = URL(path, encoded=True)
    if address.path != "/v1/popular" or len(set(address.query)) != len(address.query):
        return None
    try:
        return rank(cache, sections, address.query)
    except Problem:
        return None


ROUTES = [web.get("/v1/popular", list_popular)]
