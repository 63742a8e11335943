"""Calls to popularity on behalf of the person of a request. A part that does not answer is missing, and the rest is shown."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import web

from services.desk.api import ApiAnswer, Json
from services.desk.keys import POPULARITY, SITE
from services.desk.numbers.spans import DaySpan
from services.desk.visit import VISIT
from shared.errors import Problem, Unavailable
from shared.times import rfc3339

_log = structlog.get_logger(__name__)

# A page does not wait longer for one of its parts.
_WAIT_S = 5.0
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
    """Numbers of a span; None without a span, or when popularity does not answer."""
    if span is None:
        return None
    return await read_part(request, "", {**params_of(request, span), **scope.params, "by": by})


def params_of(request: web.Request, span: DaySpan) -> dict[str, str]:
    """A span as parameters of the API. Its end is not part of it."""
    start, end = span.bounds(request.app[SITE].zone)
    return {"from": rfc3339(start), "to": rfc3339(end)}


async def read_part(request: web.Request, path: str, params: Mapping[str, str] | None = None) -> Json | None:
    """Read below `/v1/numbers`; None when popularity does not answer in time or refuses."""
    return await _part(path, call(request, "GET", path, params=params, timeout_s=_WAIT_S))


async def read_totals(request: web.Request, article_id: str) -> Json | None:
    """An article's views and visitors by window; None as for `read_part`."""
    asked = request.app[POPULARITY].call("GET", f"/v1/articles/{article_id}/views", timeout_s=_WAIT_S)
    return await _part("/views", asked)


async def call(
    request: web.Request,
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    json: object = None,
    key: str = "",
    timeout_s: float | None = None,
) -> ApiAnswer:
    """A call below `/v1/numbers`; errors as `ServiceClient.call`. `key`: for Idempotency-Key."""
    headers = {**request[VISIT].credentials(), **({"Idempotency-Key": key} if key else {})}
    return await request.app[POPULARITY].call(
        method, f"/v1/numbers{path}", params=params, json=json, headers=headers, timeout_s=timeout_s
    )


async def _part(path: str, asked: Awaitable[ApiAnswer]) -> Json | None:
    try:
        return (await asked).json
    except (Problem, Unavailable) as error:
        if isinstance(error, Problem) and error.status in _NOTHING:
            return {}
        # A refusal is a fault of ours; the reason is in the log.
        _log.warning("numbers.missing", path=path, reason=str(error))
        return None
