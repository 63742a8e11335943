"""HTTP in: adjustments of views for proven fraud, by admins."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from aiohttp import web

from services.popularity.model.rules import day_of
from services.popularity.numbers.adjustment_store import AdjustmentRow
from services.popularity.numbers.contract import AdjustmentIn, AdjustmentList
from services.popularity.numbers.keys import (
    ADJUSTING,
    ADJUSTMENTS,
    CARDS,
    LIVE_NUMBERS,
    NUMBERS_ZONE,
    TOKEN_CHECKER,
    TRUSTS_HEADER,
)
from shared.errors import Problem
from shared.http.idempotency import claim
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    parse_json,
    read_body,
    read_cursor,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.http.token_checker import TokenOwner
from shared.http.visitors import network_of
from shared.ids import new_uuid
from shared.times import now

_NAMES = UUID("0c1d7c6e-2f0a-4f0e-9d5f-8f5d3c0b6a41")  # the name space of adjustments' keys
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


async def adjust_views(request: web.Request) -> web.StreamResponse:
    """Correct an article's views. An Idempotency-Key makes a repetition harmless."""
    owner = await request.app[TOKEN_CHECKER].owner(request)
    if owner.role != "admin":
        raise Problem(403, "Admins alone adjust views.")
    refuse_unknown(request.query, ())
    body = await read_body(request)
    sent = validate(AdjustmentIn, parse_json(body))
    _check(sent)
    cards = await request.app[CARDS].cards([sent.article_id])
    if not cards:
        raise Problem(404, "There is no such article.")
    _check_day(sent, cards[sent.article_id].published, request.app[NUMBERS_ZONE])
    row = await request.app[ADJUSTING].adjust(await _row(request, owner, sent, body))
    return json_response(row.shown().model_dump_json().encode(), status=201)


def _check(sent: AdjustmentIn) -> None:
    if sent.views == 0:
        raise field_problem("/views", "views is not 0.")
    if not _EARLIEST <= sent.window_start <= now():
        raise field_problem("/window_start", "window_start is a time since 2000 that has passed.")


def _check_day(sent: AdjustmentIn, published: int, zone: ZoneInfo) -> None:
    """An article has no views before the day of its publication (a minute; 0 if unknown)."""
    if published and day_of(int(sent.window_start.timestamp()) // 60, zone) < day_of(published, zone):
        raise field_problem("/window_start", "window_start is not before the day on which the article was published.")


async def _row(request: web.Request, owner: TokenOwner, sent: AdjustmentIn, body: bytes) -> AdjustmentRow:
    claimed = claim(request, owner.id, body)
    places = await request.app[LIVE_NUMBERS].places([sent.article_id])
    return AdjustmentRow(
        new_uuid(),
        sent.article_id,
        tuple(sorted(places[sent.article_id])),
        sent.views,
        sent.window_start,
        sent.reason,
        owner,
        network_of(request, trusts_edge=request.app[TRUSTS_HEADER]).partition("/")[0],
        now(),
        hashlib.sha256(body).hexdigest() if claimed is None else claimed.fingerprint,
        key="" if claimed is None else str(uuid5(_NAMES, claimed.id)),
    )


async def list_adjustments(request: web.Request) -> web.StreamResponse:
    """All adjustments, newest first, for anyone who may sign in."""
    await request.app[TOKEN_CHECKER].owner(request)
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, after = read_limit(request.query), read_cursor(request.query, 1)
    found = await request.app[ADJUSTMENTS].all()
    ids = [item.id for item in found]
    if after is not None and after[0] not in ids:
        raise field_problem("?cursor", "This cursor was not issued by this service.", status=400)
    first = 0 if after is None else ids.index(after[0]) + 1
    items = found[first : first + limit]
    cursor = write_cursor(items[-1].id) if first + limit < len(found) else None
    return json_response(AdjustmentList(items=items, next_cursor=cursor).model_dump_json().encode())


ROUTES = [
    web.post("/v1/numbers/adjustments", adjust_views),
    web.get("/v1/numbers/adjustments", list_adjustments),
]
