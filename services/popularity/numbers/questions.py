"""What a request asks for: a scope, a period, a grouping. Pure functions of the query; 422 names the wrong field."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.popularity.model.rules import place_of_tag
from services.popularity.numbers.contract import GROUPINGS, MOST_ITEMS, USUAL_ITEMS, Grouping
from services.popularity.numbers.periods import Period, read_period
from shared.http.problems import field_problem
from shared.http.requests import read_limit, refuse_unknown

SITE = "site"
_SCOPES = ("article_id", "section", "tag")
_KNOWN = (*_SCOPES, "from", "to", "by", "limit")
_LONGEST_TAG = 200
# An hour is an item: 93 days are 2,200 items.
MOST_DAYS_BY_HOUR = 93
MOST_DAYS = 800


@dataclass(frozen=True)
class Question:
    """A valid request. `scope` is the name of the counts: `site`, `s:<section>`, `t:<tag>`, or an article's id."""

    scope: str
    article_id: str | None
    section: str | None
    period: Period
    by: Grouping
    limit: int


def read_question(query: Mapping[str, str], sections: frozenset[str], now: int, zone: ZoneInfo) -> Question:
    """The question in a query; 422 for a wrong one."""
    refuse_unknown(query, _KNOWN)
    by = query.get("by") or "day"
    if by not in GROUPINGS:
        raise field_problem("?by", f"by is one of {', '.join(GROUPINGS)}.")
    given = [name for name in _SCOPES if query.get(name)]
    if len(given) > 1:
        raise field_problem(f"?{given[1]}", f"{given[0]} and {given[1]} exclude each other.")
    article, section = query.get("article_id") or None, read_section(query, sections)
    if (by == "article" and article is not None) or (by == "section" and given not in ([], ["section"])):
        raise field_problem("?by", f"{given[0]} is not divided by {by}.")
    most_days = MOST_DAYS_BY_HOUR if by == "hour" else MOST_DAYS
    period = read_period((query.get("from"), query.get("to")), now, zone, most_days=most_days)
    limit = read_limit(query, usual=USUAL_ITEMS, largest=MOST_ITEMS)
    return Question(_scope(article, section, query), article, section, period, by, limit)


def read_section(query: Mapping[str, str], sections: frozenset[str]) -> str | None:
    """The section, None without one; 422 for an unknown one."""
    section = query.get("section") or None
    if section is not None and section not in sections:
        raise field_problem("?section", "There is no such section.")
    return section


def _scope(article: str | None, section: str | None, query: Mapping[str, str]) -> str:
    tag = query.get("tag") or ""
    if len(tag) > _LONGEST_TAG or len(article or "") > 64:
        raise field_problem("?tag" if tag else "?article_id", "This text is too long.")
    if article is not None:
        return article
    if section is not None:
        return f"s:{section}"
    return place_of_tag(tag) if tag else SITE
