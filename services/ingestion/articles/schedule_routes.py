"""HTTP in: later publication. Schedule, unschedule, submit, return."""

from collections.abc import Callable

from aiohttp import web

from services.ingestion.articles import changes, schedule_rules
from services.ingestion.articles.changes import ChangeRequest
from services.ingestion.articles.requests import ARTICLES, ID, answer_once, article_as_read, read_write
from services.ingestion.articles.rules import Article
from services.ingestion.articles.schedule_contract import EmptyRequest, SentReturn, SentSchedule
from services.ingestion.people.roles import Action, Right
from shared.http.idempotency import Answer
from shared.http.requests import parse_json, validate
from shared.times import rfc3339

# A decision about an article, and the note for its revision.
Decided = tuple[Article, str | None]


async def schedule_article(request: web.Request) -> web.Response:
    """Have the working copy published at a later time."""

    def decide(article: Article, change: ChangeRequest, body: bytes) -> Decided:
        sent = validate(SentSchedule, parse_json(body))
        planned = schedule_rules.schedule(article, publish_at=sent.publish_at, at=change.at, by=change.by)
        return planned, rfc3339(sent.publish_at)

    return await _decide(request, "schedule", "schedule", decide)


async def unschedule_article(request: web.Request) -> web.Response:
    """Cancel the later publication."""

    def decide(article: Article, change: ChangeRequest, body: bytes) -> Decided:
        validate(EmptyRequest, parse_json(body or b"{}"))
        return schedule_rules.unschedule(article, at=change.at), None

    return await _decide(request, "schedule", "unschedule", decide)


async def submit_article(request: web.Request) -> web.Response:
    """Ask for publication."""

    def decide(article: Article, change: ChangeRequest, body: bytes) -> Decided:
        validate(EmptyRequest, parse_json(body or b"{}"))
        return schedule_rules.submit(article, at=change.at, by=change.by), None

    return await _decide(request, "submit", "submit", decide)


async def return_article(request: web.Request) -> web.Response:
    """Return a submitted article to its author with a note."""

    def decide(article: Article, change: ChangeRequest, body: bytes) -> Decided:
        note = validate(SentReturn, parse_json(body)).note
        return schedule_rules.send_back(article, note=note, at=change.at), note

    return await _decide(request, "return", "return", decide)


async def _decide(
    request: web.Request,
    right: Right,
    action: Action,
    decide: Callable[[Article, ChangeRequest, bytes], Decided],
) -> web.Response:
    """Apply a decision to the article version that the editor read."""
    actor, body = await read_write(request, right, may_be_empty=action in ("unschedule", "submit"))

    async def work(change: ChangeRequest) -> Answer:
        article = await article_as_read(request)
        after, note = decide(article, change, body)
        return await changes.apply(request.app[ARTICLES], change, action, article, lambda _: after, note)

    return await answer_once(request, actor, body, work)


ROUTES = [
    web.post(f"/v1/articles/{ID}/schedule", schedule_article),
    web.post(f"/v1/articles/{ID}/unschedule", unschedule_article),
    web.post(f"/v1/articles/{ID}/submit", submit_article),
    web.post(f"/v1/articles/{ID}/return", return_article),
]
