"""HTTP in: later publication. Schedule, unschedule, submit, return."""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from services.ingestion.articles import changes, schedule_rules
from services.ingestion.articles.changes import ChangeRequest, Decision
from services.ingestion.articles.requests import ARTICLES, ID, answer_once, article_as_read, read_write
from services.ingestion.articles.schedule_contract import EmptyRequest, SentReturn, SentSchedule
from services.ingestion.people.roles import Action, Right
from shared.http.idempotency import Answer
from shared.http.requests import parse_json, validate
from shared.times import rfc3339

# A decision about an article, and the note for its revision.
Decided = tuple[Decision, str | None]


async def schedule_article(request: web.Request) -> web.Response:
    """Have the working copy published at a later time."""

    def read(body: bytes, change: ChangeRequest) -> Decided:
        publish_at = validate(SentSchedule, parse_json(body)).publish_at
        decide = partial(schedule_rules.schedule, publish_at=publish_at, at=change.at, by=change.by)
        return decide, rfc3339(publish_at)

    return await _decide(request, "schedule", "schedule", read)


async def unschedule_article(request: web.Request) -> web.Response:
    """Cancel the later publication."""

    def read(body: bytes, change: ChangeRequest) -> Decided:
        validate(EmptyRequest, parse_json(body or b"{}"))
        return partial(schedule_rules.unschedule, at=change.at), None

    return await _decide(request, "schedule", "unschedule", read)


async def submit_article(request: web.Request) -> web.Response:
    """Ask for publication."""

    def read(body: bytes, change: ChangeRequest) -> Decided:
        validate(EmptyRequest, parse_json(body or b"{}"))
        return partial(schedule_rules.submit, at=change.at, by=change.by), None

    return await _decide(request, "submit", "submit", read)


async def return_article(request: web.Request) -> web.Response:
    """Return a submitted article to its author with a note."""

    def read(body: bytes, change: ChangeRequest) -> Decided:
        note = validate(SentReturn, parse_json(body)).note
        return partial(schedule_rules.send_back, note=note, at=change.at), note

    return await _decide(request, "return", "return", read)


async def _decide(
    request: web.Request, right: Right, action: Action, read: Callable[[bytes, ChangeRequest], Decided]
) -> web.Response:
    """Apply a decision to the article version that the editor read. `read` returns decision and note from the body."""
    actor, body = await read_write(request, right, may_be_empty=action in ("unschedule", "submit"))

    async def work(change: ChangeRequest) -> Answer:
        article = await article_as_read(request)
        decide, note = read(body, change)
        return await changes.apply(request.app[ARTICLES], change, action, article, decide, note)

    return await answer_once(request, actor, body, work)


ROUTES = [
    web.post(f"/v1/articles/{ID}/schedule", schedule_article),
    web.post(f"/v1/articles/{ID}/unschedule", unschedule_article),
    web.post(f"/v1/articles/{ID}/submit", submit_article),
    web.post(f"/v1/articles/{ID}/return", return_article),
]
