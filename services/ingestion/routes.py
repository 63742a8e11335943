"""HTTP in: editors' articles, and whose a token is for the other services."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from aiohttp import web

from services.ingestion import changes, rules
from services.ingestion.changes import Decision, Order
from services.ingestion.contract import (
    ArticleAnswer,
    ArticleList,
    RevisionAnswer,
    RevisionContent,
    RevisionList,
    SentArticle,
    SentCorrection,
    SentPublication,
    SentWithdrawal,
    TokenAnswer,
)
from services.ingestion.roles import Right, may
from services.ingestion.rules import Article, Status
from services.ingestion.store import Filters, Revision, Store
from services.ingestion.text import is_blank, tidy_line
from services.ingestion.tokens import Person
from shared.errors import Problem
from shared.http.bearer import read_bearer_token, unknown_token
from shared.http.idempotency import Answer, claim
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    etag,
    has_already,
    parse_json,
    read_body,
    read_cursor,
    read_if_match,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.site.site import Site
from shared.times import now

LONGEST_TAG = 50
LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Desk:
    """What the handlers work with."""

    store: Store
    site: Site


DESK = web.AppKey("desk", Desk)


async def create_article(request: web.Request) -> web.Response:
    """Start an article as a draft."""
    desk, person, body = await _write(request, "create")

    async def work(order: Order) -> Answer:
        return await changes.create(desk.store, desk.site, order, validate(SentArticle, parse_json(body)))

    return await _once(request, person, body, work)


async def edit_article(request: web.Request) -> web.Response:
    """Replace the working copy."""
    desk, person, body = await _write(request, "edit drafts")

    async def work(order: Order) -> Answer:
        sent = validate(SentArticle, parse_json(body))
        article = await _article_as_read(request)
        if article.status != "draft":
            _allow(person, "edit")
        return await changes.edit(desk.store, desk.site, order, article, sent)

    return await _once(request, person, body, work)


async def publish_article(request: web.Request) -> web.Response:
    """Show readers the working copy."""
    desk, person, body = await _write(request, "publish")

    async def work(order: Order) -> Answer:
        sent = validate(SentPublication, parse_json(body or b"{}"))
        if sent.published_at is not None:
            _allow(person, "back-date")
            rules.check_date(sent.published_at, order.at)
        article = await _article_as_read(request)

        def decide(article: Article) -> Article:
            return rules.publish(article, at=order.at, published_at=sent.published_at)

        return await changes.apply(desk.store, order, "publish", article, decide, None)

    return await _once(request, person, body, work)


async def correct_article(request: web.Request) -> web.Response:
    """Show readers the working copy, with a note of what was wrong."""

    def read(body: bytes, order: Order) -> tuple[Decision, str]:
        note = validate(SentCorrection, parse_json(body)).note
        return partial(rules.correct, note=note, at=order.at), note

    return await _decide(request, "correct", read)


async def withdraw_article(request: web.Request) -> web.Response:
    """Take an article back."""

    def read(body: bytes, order: Order) -> tuple[Decision, str]:
        reason = validate(SentWithdrawal, parse_json(body)).reason
        return partial(rules.withdraw, at=order.at), reason

    return await _decide(request, "withdraw", read)


async def _decide(
    request: web.Request, action: Literal["correct", "withdraw"], read: Callable[[bytes, Order], tuple[Decision, str]]
) -> web.Response:
    """Carry out a decision on the article as the editor has seen it; `read` gives it and its reason out of the body."""
    desk, person, body = await _write(request, action)

    async def work(order: Order) -> Answer:
        decide, reason = read(body, order)
        return await changes.apply(desk.store, order, action, await _article_as_read(request), decide, reason)

    return await _once(request, person, body, work)


async def show_article(request: web.Request) -> web.Response:
    """One working copy."""
    await _authorize(request, "read")
    article = await _article(request)
    headers = {"ETag": etag(article.version)}
    if has_already(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return web.Response(status=304, headers=headers)
    return json_response(ArticleAnswer.of(article).model_dump_json().encode(), headers=headers)


async def list_articles(request: web.Request) -> web.Response:
    """The working copies that the filters let through, the newest first."""
    await _authorize(request, "read")
    refuse_unknown(request.query, ("status", "section", "tag", "q", "limit", "cursor"))
    desk = request.app[DESK]
    filters, limit, before = _filters(request, desk.site), read_limit(request.query), _cursor_number(request)
    found, last = await desk.store.articles.page(filters, before, limit)
    answer = ArticleList(items=[ArticleAnswer.of(article) for article in found], next_cursor=_cursor(last))
    return json_response(answer.model_dump_json().encode())


async def list_revisions(request: web.Request) -> web.Response:
    """An article's accepted changes, the newest first."""
    await _authorize(request, "read")
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, before = read_limit(request.query), _cursor_number(request)
    article = await _article(request)
    found, last = await request.app[DESK].store.articles.revisions(article.id, before, limit, article.version)
    answer = RevisionList(items=[_revision(revision) for revision in found], next_cursor=_cursor(last))
    return json_response(answer.model_dump_json().encode())


async def show_token(request: web.Request) -> web.Response:
    """Whose token the request carries; for the other services, which the edge does not let through to here."""
    person = await _person(request)
    return json_response(TokenAnswer(name=person.name, role=person.role).model_dump_json().encode())


async def _write(request: web.Request, right: Right) -> tuple[Desk, Person, bytes]:
    person = await _authorize(request, right)
    refuse_unknown(request.query, ())
    # A publication needs no body, and then no content type either.
    empty = right == "publish" and not request.can_read_body
    return request.app[DESK], person, b"" if empty else await read_body(request)


async def _once(
    request: web.Request, person: Person, body: bytes, work: Callable[[Order], Awaitable[Answer]]
) -> web.Response:
    order = Order(person.name, now(), claim(request, person.token_id, body))
    answer = await request.app[DESK].store.answers.once(order.claim, lambda: work(order))
    return answer.response()


async def _authorize(request: web.Request, right: Right) -> Person:
    person = await _person(request)
    _allow(person, right)
    return person


async def _person(request: web.Request) -> Person:
    person = await request.app[DESK].store.tokens.find(read_bearer_token(request))
    if person is None:
        raise unknown_token()
    return person


def _allow(person: Person, right: Right) -> None:
    if not may(person.role, right):
        raise Problem(403, f"The role {person.role} does not have the right to {right}.")


async def _article(request: web.Request) -> Article:
    article = await request.app[DESK].store.articles.find(request.match_info["id"])
    if article is None:
        raise Problem(404, "There is no such article.")
    return article


async def _article_as_read(request: web.Request) -> Article:
    """The article, at the version that the client has read: 428 or 412 otherwise."""
    article = await _article(request)
    if not read_if_match(request).match(article.version):
        raise Problem(412, "Someone else has changed the article; read it again.")
    return article


def _filters(request: web.Request, site: Site) -> Filters:
    """The filters of a list; an empty one counts as not sent."""
    query = {name: value for name, value in request.query.items() if value}
    status, section, tag = query.get("status"), query.get("section"), query.get("tag")
    if status is not None and status not in get_args(Status):
        raise field_problem("?status", f"status is one of: {', '.join(get_args(Status))}.")
    if section is not None and site.section(section) is None:
        raise field_problem("?section", "There is no such section.")
    if tag is not None and (len(tag) > LONGEST_TAG or is_blank(tag)):
        raise field_problem("?tag", f"tag is 1 to {LONGEST_TAG} characters long.")
    return Filters(status, section, tag, _words(query.get("q", "")))


def _words(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST_SEARCH:
        raise field_problem("?q", f"q is at most {LONGEST_SEARCH} characters long.")
    try:
        # MongoDB refuses an expression with a NUL, and no headline or standfirst holds any control character.
        return tuple(tidy_line(text).split())
    except ValueError as error:
        raise field_problem("?q", "q holds no control characters.") from error


def _cursor(number: int | None) -> str | None:
    return None if number is None else write_cursor(str(number))


def _cursor_number(request: web.Request) -> int | None:
    parts = read_cursor(request.query, 1)
    if parts is None:
        return None
    if not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 13):
        raise field_problem("?cursor", "The cursor is not one that was given out.", status=400)
    return int(parts[0])


def _revision(revision: Revision) -> RevisionAnswer:
    return RevisionAnswer(
        version=revision.version,
        action=revision.action,
        at=revision.at,
        by=revision.by,
        note=revision.note,
        content=RevisionContent.model_validate(revision.content),
    )


_ID = "{id:[0-9a-z]{26}}"
ROUTES = [
    web.post("/v1/articles", create_article),
    web.get("/v1/articles", list_articles),
    web.get(f"/v1/articles/{_ID}", show_article),
    web.put(f"/v1/articles/{_ID}", edit_article),
    web.post(f"/v1/articles/{_ID}/publish", publish_article),
    web.post(f"/v1/articles/{_ID}/correct", correct_article),
    web.post(f"/v1/articles/{_ID}/withdraw", withdraw_article),
    web.get(f"/v1/articles/{_ID}/revisions", list_revisions),
    web.get("/internal/token", show_token),
]
