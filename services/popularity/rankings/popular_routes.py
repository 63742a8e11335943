"""HTTP in: rankings, from memory or, of tags and languages, from Redis."""

from collections.abc import Callable, Mapping

from aiohttp import web
from yarl import URL

from services.popularity.model.rules import place_of_language, place_of_tag
from services.popularity.rankings.place_rankings import PlaceRankings
from services.popularity.rankings.ranking_cache import RankingCache, popular_answer
from shared.errors import Problem
from shared.events import RANKINGS, RankingName
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_limit, refuse_unknown

# Tags have 50 characters at most; folding their case makes a few of them longer.
MOST_PLACE_LENGTH = 100
PLACE_RANKINGS = web.AppKey("place_rankings", PlaceRankings)
RANKING_CACHE = web.AppKey("ranking_cache", RankingCache)
SECTIONS = web.AppKey("sections", frozenset[str])

_RANKINGS: Mapping[str, RankingName] = {name: name for name in RANKINGS}
_PLACES: Mapping[str, Callable[[str], str]] = {"tag": place_of_tag, "language": place_of_language}


async def list_popular(request: web.Request) -> web.StreamResponse:
    """The newest ranking of the site or a section, from memory; of a tag or language from Redis."""
    query = request.query
    asked = [name for name in _PLACES if name in query]
    if not asked:
        return json_response(rank(request.app[RANKING_CACHE], request.app[SECTIONS], query))
    refuse_unknown(query, ("window", "tag", "language", "limit"))
    if len(asked) > 1:
        raise field_problem("?language", "Ask for a tag or a language, not both.")
    value = query[asked[0]]
    if not 0 < len(value) <= MOST_PLACE_LENGTH:
        raise field_problem(f"?{asked[0]}", f"{asked[0]} has 1 to {MOST_PLACE_LENGTH} characters.")
    name, limit = _read_ranking(query), read_limit(query)
    at, items = await request.app[PLACE_RANKINGS].find(name, _PLACES[asked[0]](value))
    return json_response(popular_answer(name, items[:limit], at, is_stale=False))


def rank(cache: RankingCache, sections: frozenset[str], query: Mapping[str, str]) -> bytes:
    """The JSON of a ranking of the site or a section; 422 for a wrong query."""
    refuse_unknown(query, ("window", "section", "limit"))
    name = _read_ranking(query)
    section = query.get("section") or None
    if section is not None and section not in sections:
        raise field_problem("?section", "There is no such section.")
    return cache.answer(name, section, read_limit(query))


def _read_ranking(query: Mapping[str, str]) -> RankingName:
    name = query.get("window", "24h")
    if name not in _RANKINGS:
        raise field_problem("?window", f"window is one of {', '.join(RANKINGS)}.")
    return _RANKINGS[name]


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
