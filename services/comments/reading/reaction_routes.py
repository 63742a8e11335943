"""HTTP in: readers' votes and reports, once a visitor. JSON gets 202, a form of the page 303 back to the comment."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web
from redis.exceptions import RedisError

from services.comments.access.answer_once import answer_once
from services.comments.access.keys import REACTION_LIMITER, ROOM, TRUSTS_EDGE, VISITORS
from services.comments.access.other_sites import refuse_other_sites
from services.comments.access.visitors import Visitor
from services.comments.model.contract import VotesAnswer
from services.comments.model.keys import CURRENT_RULES, STORE
from services.comments.model.records import ArticleCopy, Comment
from services.comments.reading.comments import find_public, no_comment
from services.comments.reading.contract import Report, ReportAnswer, Vote, VoteAnswer, VoteValue
from services.comments.reading.keys import ARTICLE_LOOKUP, REACTION_NETWORKS, REPORTS, VOTES
from services.comments.reading.ranking import with_vote
from services.comments.reading.refusal_page import with_pages
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer
from shared.http.requests import FORM_TYPE, JSON_TYPE, parse_form, parse_json, read_body, validate
from shared.http.visitors import network_of
from shared.mongo.collections import DuplicateKeyError, Session
from shared.times import now

_VISITOR_TIMEOUT_S = 2.0
_VALUES: Mapping[str, VoteValue] = {"1": 1, "0": 0, "-1": -1}


async def vote(request: web.Request) -> web.Response:
    """Store a visitor's vote in place of an earlier one of the day."""
    await _admit(request)
    body = await read_body(request, types=(JSON_TYPE, FORM_TYPE))
    sent = validate(Vote, _vote_fields(request, body))

    async def work() -> Answer:
        comment, article = await _comment(request)
        if not (await request.app[CURRENT_RULES].get()).votes:
            raise Problem(403, "This site takes no votes.")
        votes = with_vote(comment.votes, await _cast(request, comment, sent.value), sent.value)
        shown = VoteAnswer(id=comment.id, value=sent.value, votes=VotesAnswer.model_validate(votes))
        return _answer(request, comment, article, shown, "vote")

    return (await answer_once(request, _network(request), body, work)).response()


async def _cast(request: web.Request, comment: Comment, value: VoteValue) -> int:
    """Store the vote; returns the value by which the visitor is counted already."""
    visitor = await _visitor(request)
    if await request.app[REACTION_NETWORKS].admits("vote", comment.id, visitor, now()):
        return (await request.app[VOTES].cast(comment.id, visitor.id, value)).counted
    # Answered like any other: who invents visitors learns nothing.
    return 0


async def report(request: web.Request) -> web.Response:
    """Store a visitor's report in place of an earlier one of the day, and count the first in the comment."""
    await _admit(request)
    body = await read_body(request, types=(JSON_TYPE, FORM_TYPE))
    sent = validate(Report, _fields(request, body))

    async def work() -> Answer:
        comment, article = await _comment(request)
        await request.app[ROOM].check("reports")
        visitor, at = await _visitor(request), now()
        if await request.app[REACTION_NETWORKS].admits("report", comment.id, visitor, at):
            await _file(request, comment.id, visitor, sent, at)
        return _answer(request, comment, article, ReportAnswer(id=comment.id, reason=sent.reason), "report")

    return (await answer_once(request, _network(request), body, work)).response()


async def _file(request: web.Request, comment_id: str, visitor: Visitor, sent: Report, at: datetime) -> None:
    store, reports = request.app[STORE], request.app[REPORTS]

    async def work(session: Session) -> None:
        is_first = await reports.file(comment_id, visitor.id, sent.reason, sent.note, at, session)
        if is_first and not await store.comments.add_report(comment_id, session):
            raise no_comment()

    try:
        await store.mongo.transaction(work)
    except DuplicateKeyError:
        # A report of the same visitor was committed meanwhile: this one takes its place.
        await store.mongo.transaction(work)
    store.queues.note(comment_id)


async def _admit(request: web.Request) -> None:
    """403 for a form of another site, 429 above the visitor's limit."""
    refuse_other_sites(request)
    await request.app[REACTION_LIMITER].admit(request)


def _network(request: web.Request) -> str:
    return network_of(request, trusts_edge=request.app[TRUSTS_EDGE])


def _fields(request: web.Request, body: bytes) -> object:
    return parse_form(body) if request.content_type == FORM_TYPE else parse_json(body)


def _vote_fields(request: web.Request, body: bytes) -> object:
    """The fields of a vote. A form has numbers as text."""
    fields = _fields(request, body)
    if request.content_type == FORM_TYPE and isinstance(fields, dict) and fields.get("value") in _VALUES:
        return {**fields, "value": _VALUES[fields["value"]]}
    return fields


async def _comment(request: web.Request) -> tuple[Comment, ArticleCopy]:
    return await find_public(request.app[STORE], request.app[ARTICLE_LOOKUP], request.match_info["id"])


async def _visitor(request: web.Request) -> Visitor:
    """The visitor. Raises Unavailable while the day's key cannot be read: nobody could be held to one vote."""
    try:
        async with asyncio.timeout(_VISITOR_TIMEOUT_S):
            return await request.app[VISITORS].of(request)
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(f"Redis: key of visitors: {error!r}") from error


def _answer(
    request: web.Request, comment: Comment, article: ArticleCopy, answer: VoteAnswer | ReportAnswer, noted: str
) -> Answer:
    if request.content_type == FORM_TYPE:
        location = f"{article.url}?comment={comment.id}&noted={noted}#comment-{comment.id}"
        return Answer(303, b"", {"Location": location, "Cache-Control": "no-store"})
    return Answer(202, answer.model_dump_json().encode(), {})


_COMMENT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [web.post(f"{_COMMENT}/vote", with_pages(vote)), web.post(f"{_COMMENT}/report", with_pages(report))]
