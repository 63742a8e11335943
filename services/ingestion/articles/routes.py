"""HTTP in: articles."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, get_args

from aiohttp import web

from services.ingestion.articles import changes, rules
from services.ingestion.articles.changes import ChangeRequest, Decision
from services.ingestion.articles.contract import (
    ArticleAnswer,
    ArticleList,
    RevisionAnswer,
    RevisionContent,
    RevisionList,
    SentArticle,
    SentCorrection,
    SentPublication,
    SentUnfinishedArticle,
    SentWithdrawal,
)
from services.ingestion.articles.records import Filters, Revision
from services.ingestion.articles.rules import Article, Author, Status
from services.ingestion.articles.store import ArticleStore
from services.ingestion.people.access import authorize, require
from services.ingestion.people.actor import Actor
from services.ingestion.people.roles import Right
from shared.errors import Problem
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
from shared.text import SEARCH_LINE, is_blank, tidy
from shared.times import now

LONGEST_TAG = 50
LONGEST_SEARCH = 200


ARTICLES = web.AppKey("articles", ArticleStore)
SITE = web.AppKey("site", Site)


async def create_article(request: web.Request) -> web.Response:
    """Create an article as a draft."""
    actor, body = await _write(request, "create", ("autosave",))
    model = _sent_model(request)
    store, site = request.app[ARTICLES], request.app[SITE]

    async def work(change: ChangeRequest) -> Answer:
        return await changes.create(store, site, change, validate(model, parse_json(body)))

    return await _once(request, actor, body, work)


async def edit_article(request: web.Request) -> web.Response:
    """Replace the working copy."""
    actor, body = await _write(request, "edit drafts", ("autosave",))
    model = _sent_model(request)
    store, site = request.app[ARTICLES], request.app[SITE]

    async def work(change: ChangeRequest) -> Answer:
        sent = validate(model, parse_json(body))
        article = await _article_as_read(request)
        if article.status != "draft":
            require(actor, "edit")
        return await changes.edit(store, site, change, article, sent)

    return await _once(request, actor, body, work)


async def publish_article(request: web.Request) -> web.Response:
    """Show readers the working copy."""
    actor, body = await _write(request, "publish")

    async def work(change: ChangeRequest) -> Answer:
        sent = validate(SentPublication, parse_json(body or b"{}"))
        if sent.published_at is not None:
            require(actor, "back-date")
            rules.check_date(sent.published_at, change.at)
        article = await _article_as_read(request)

        def decide(article: Article) -> Article:
            return rules.publish(article, at=change.at, published_at=sent.published_at)

        return await changes.apply(request.app[ARTICLES], change, "publish", article, decide, None)

    return await _once(request, actor, body, work)


async def correct_article(request: web.Request) -> web.Response:
    """Show readers the working copy with a public correction note."""

    def read(body: bytes, change: ChangeRequest) -> tuple[Decision, str]:
        note = validate(SentCorrection, parse_json(body)).note
        return partial(rules.correct, note=note, at=change.at), note

    return await _decide(request, "correct", read)


async def withdraw_article(request: web.Request) -> web.Response:
    """Withdraw an article."""

    def read(body: bytes, change: ChangeRequest) -> tuple[Decision, str]:
        reason = validate(SentWithdrawal, parse_json(body)).reason
        return partial(rules.withdraw, at=change.at), reason

    return await _decide(request, "withdraw", read)


async def _decide(
    request: web.Request,
    action: Literal["correct", "withdraw"],
    read: Callable[[bytes, ChangeRequest], tuple[Decision, str]],
) -> web.Response:
    """Apply a decision to the article version that the editor read. `read` returns decision and reason from the body."""
    actor, body = await _write(request, action)

    async def work(change: ChangeRequest) -> Answer:
        decide, reason = read(body, change)
        article = await _article_as_read(request)
        return await changes.apply(request.app[ARTICLES], change, action, article, decide, reason)

    return await _once(request, actor, body, work)


async def show_article(request: web.Request) -> web.Response:
    """Show one working copy."""
    await authorize(request, "read")
    article = await find_article(request)
    headers = {"ETag": etag(article.version)}
    if has_already(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return web.Response(status=304, headers=headers)
    return json_response(ArticleAnswer.of(article).model_dump_json().encode(), headers=headers)


async def list_articles(request: web.Request) -> web.Response:
    """List working copies that pass the filters, newest first."""
    await authorize(request, "read")
    refuse_unknown(request.query, ("status", "section", "tag", "q", "limit", "cursor"))
    filters, limit, before = _filters(request), read_limit(request.query), _cursor_number(request)
    found, last = await request.app[ARTICLES].page(filters, before, limit)
    answer = ArticleList(items=[ArticleAnswer.of(article) for article in found], next_cursor=_cursor(last))
    return json_response(answer.model_dump_json().encode())


async def list_revisions(request: web.Request) -> web.Response:
    """List an article's revisions, newest first."""
    await authorize(request, "read")
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, before = read_limit(request.query), _cursor_number(request)
    article = await find_article(request)
    found, last = await request.app[ARTICLES].revisions(article.id, before, limit, article.version)
    answer = RevisionList(items=[_revision(revision) for revision in found], next_cursor=_cursor(last))
    return json_response(answer.model_dump_json().encode())


def _sent_model(request: web.Request) -> type[SentArticle]:
    """The model of a save: with `?autosave=true` the text may be unfinished."""
    autosave = request.query.get("autosave", "")
    if autosave not in ("", "true", "false"):
        raise field_problem("?autosave", "autosave is true or false.")
    return SentUnfinishedArticle if autosave == "true" else SentArticle


async def _write(request: web.Request, right: Right, known: Sequence[str] = ()) -> tuple[Actor, bytes]:
    actor = await authorize(request, right)
    refuse_unknown(request.query, known)
    # A publication needs neither body nor content type.
    empty = right == "publish" and not request.can_read_body
    return actor, b"" if empty else await read_body(request)


async def _once(
    request: web.Request, actor: Actor, body: bytes, work: Callable[[ChangeRequest], Awaitable[Answer]]
) -> web.Response:
    author = Author(id=actor.id, name=actor.name)
    change = ChangeRequest(author, now(), claim(request, actor.id, body))
    answer = await request.app[ARTICLES].answers.once(change.claim, lambda: work(change))
    return answer.response()


async def find_article(request: web.Request) -> Article:
    """The article in the path; 404 without it."""
    article = await request.app[ARTICLES].find(request.match_info["id"])
    if article is None:
        raise Problem(404, "There is no such article.")
    return article


async def _article_as_read(request: web.Request) -> Article:
    """The article at the version in If-Match; 428 without the header, 412 for another version."""
    article = await find_article(request)
    if not read_if_match(request).match(article.version):
        raise Problem(412, "Someone else has changed the article; read it again.")
    return article


def _filters(request: web.Request) -> Filters:
    """The filters of a list. An empty parameter counts as absent."""
    query = {name: value for name, value in request.query.items() if value}
    status, section, tag = query.get("status"), query.get("section"), query.get("tag")
    if status is not None and status not in get_args(Status):
        raise field_problem("?status", f"status is one of: {', '.join(get_args(Status))}.")
    if section is not None and request.app[SITE].section(section) is None:
        raise field_problem("?section", "There is no such section.")
    if tag is not None and (len(tag) > LONGEST_TAG or is_blank(tag)):
        raise field_problem("?tag", f"tag is 1 to {LONGEST_TAG} characters long.")
    return Filters(status, section, tag, _search_words(query.get("q", "")))


def _search_words(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST_SEARCH:
        raise field_problem("?q", f"q is at most {LONGEST_SEARCH} characters long.")
    try:
        # MongoDB refuses an expression with a NUL; headlines and standfirsts hold no control characters.
        return tuple(tidy(text, SEARCH_LINE).split())
    except ValueError as error:
        raise field_problem("?q", "q holds no control characters.") from error


def _cursor(number: int | None) -> str | None:
    return None if number is None else write_cursor(str(number))


def _cursor_number(request: web.Request) -> int | None:
    parts = read_cursor(request.query, 1)
    if parts is None:
        return None
    if not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 13):
        raise field_problem("?cursor", "It is not a cursor of this API.", status=400)
    return int(parts[0])


def _revision(revision: Revision) -> RevisionAnswer:
    return RevisionAnswer(
        version=revision.version,
        action=revision.action,
        at=revision.at,
        by=revision.by.name,
        by_id=revision.by.id,
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
]
