"""Calls to popularity on behalf of the person of a request. A part that does not answer is missing, and the rest is shown."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web

from services.desk.api import Json
from services.desk.keys import PAST_NUMBERS, POPULARITY, SITE
from services.desk.numbers.past import joined
from services.desk.numbers.spans import DaySpan, midnight
from services.desk.visit import call
from shared.errors import Problem, Unavailable
from shared.http.instances import Answer
from shared.times import now, rfc3339

_log = structlog.get_logger(__name__)

API = "/v1/numbers"
# For one instance. A page waits for one of its parts twice as long.
_WAIT_S = 2.5
# Popularity does not know an article before its publication, and shows no counts of a withdrawn one.
_NOTHING = frozenset({404, 410})


@dataclass(frozen=True)
class Scope:
    """Whose numbers: the site's without a name, else those of a section, a tag or an article."""

    name: str = ""
    value: str = ""

    @property
    def params(self) -> Mapping[str, str]:
        """The parameters of the API."""
        return {self.name: self.value} if self.name else {}


async def read_span(request: web.Request, scope: Scope, span: DaySpan | None, by: str) -> Json | None:
    """Numbers of a span; None without a span, or when popularity does not answer. Days that are over may be five minutes old."""
    if span is None:
        return None
    start, end = span.bounds(request.app[SITE].zone)
    today = midnight(now().astimezone(request.app[SITE].zone).date(), request.app[SITE].zone)
    asked = {**scope.params, "by": by}
    # Lists of the first articles do not add up.
    if start >= today or (end > today and by == "article"):
        return await read_part(request, "", {**asked, **_between(start, end)})
    past = {**asked, **_between(start, min(end, today))}
    if end <= today:
        return await _read_past(request, past)
    found = await asyncio.gather(_read_past(request, past), read_part(request, "", {**asked, **_between(today, end)}))
    return None if found[0] is None or found[1] is None else joined(found[0], found[1])


async def _read_past(request: web.Request, params: Mapping[str, str]) -> Json | None:
    kept = request.app[PAST_NUMBERS]
    answer = kept.get(params)
    if answer is None:
        answer = await read_part(request, "", params)
        if answer:
            kept.keep(params, answer)
    return answer


def params_of(request: web.Request, span: DaySpan) -> dict[str, str]:
    """A span as parameters of the API. Its end is not part of it."""
    return _between(*span.bounds(request.app[SITE].zone))


async def read_part(request: web.Request, path: str, params: Mapping[str, str] | None = None) -> Json | None:
    """Read below `/v1/numbers`; None when popularity does not answer in time or refuses."""
    return await _part(path, call(request, POPULARITY, "GET", API + path, params=params, timeout_s=_WAIT_S))


async def read_totals(request: web.Request, article_id: str) -> Json | None:
    """An article's views and visitors by window; None as for `read_part`."""
    asked = request.app[POPULARITY].call("GET", f"/v1/articles/{article_id}/views", timeout_s=_WAIT_S)
    return await _part("/views", asked)


def _between(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": rfc3339(start), "to": rfc3339(end)}


async def _part(path: str, asked: Awaitable[Answer]) -> Json | None:
    try:
        return (await asked).json
    except (Problem, Unavailable) as error:
        if isinstance(error, Problem) and error.status in _NOTHING:
            return {}
        # A refusal is a fault of ours; the reason is in the log.
        _log.warning("numbers.missing", path=path, reason=str(error))
        return None
