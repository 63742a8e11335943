"""HTTP in: articles."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal, get_args

from aiohttp import web

from services.ingestion.articles import changes, rules
from services.ingestion.articles.changes import ChangeRequest, Decision
from services.ingestion.articles.contract import (
    ArticleAnswer,
    ArticleList,
    SentArticle,
    SentCorrection,
    SentPublication,
    SentUnfinishedArticle,
    SentWithdrawal,
)
from services.ingestion.articles.fields import check_language
from services.ingestion.articles.picture_changes import with_known_pictures
from services.ingestion.articles.records import Filters
from services.ingestion.articles.requests import (
    ARTICLES,
    ID,
    SITE,
    answer_once,
    article_as_read,
    cursor_number,
    find_article,
    read_search,
    read_section,
    read_write,
)
from services.ingestion.articles.rules import Article, Status
from services.ingestion.articles.schedule_rules import lifts_embargo, right_to_edit
from services.ingestion.people.access import authorize, require
from services.ingestion.people.actor import Actor
from shared.http.idempotency import Answer
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    etag,
    has_already,
    parse_json,
    read_cursor,
    read_flag,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.text import fold, is_blank
from shared.times import rfc3339, to_milliseconds

LONGEST_TAG = 50
LONGEST_BYLINE = 100
LONGEST_ID = 64


async def create_article(request: web.Request) -> web.Response:
    """Create an article as a draft."""
    actor, body = await read_write(request, "create", ("autosave",))
    model = _sent_model(request)
    store, site = request.app[ARTICLES], request.app[SITE]

    async def work(change: ChangeRequest) -> Answer:
        return await changes.create(store, site, change, validate(model, parse_json(body)))

    return await answer_once(request, actor, body, work)


async def edit_article(request: web.Request) -> web.Response:
    """Replace the working copy."""
    actor, body = await read_write(request, "edit drafts", ("autosave",))
    model = _sent_model(request)
    store, site = request.app[ARTICLES], request.app[SITE]

    async def work(change: ChangeRequest) -> Answer:
        sent = validate(model, parse_json(body))
        article = await article_as_read(request)
        require(actor, right_to_edit(article))
        if "embargo_until" in sent.model_fields_set and lifts_embargo(article, sent.embargo_until, change.at):
            require(actor, "lift embargo")
        return await changes.edit(store, site, change, article, sent)

    return await answer_once(request, actor, body, work)


async def publish_article(request: web.Request) -> web.Response:
    """Show readers the working copy."""
    actor, body = await read_write(request, "publish", may_be_empty=True)

    async def work(change: ChangeRequest) -> Answer:
        sent = validate(SentPublication, parse_json(body or b"{}"))
        if sent.published_at is not None:
            require(actor, "back-date")
            rules.check_date(sent.published_at, change.at)
        article = await article_as_read(request)

        def decide(article: Article) -> Article:
            return rules.publish(article, at=change.at, published_at=sent.published_at)

        return await changes.apply(request.app[ARTICLES], change, "publish", article, decide, None)

    return await answer_once(request, actor, body, work)


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
    actor, body = await read_write(request, action)

    async def work(change: ChangeRequest) -> Answer:
        decide, reason = read(body, change)
        article = await article_as_read(request)
        return await changes.apply(request.app[ARTICLES], change, action, article, decide, reason)

    return await answer_once(request, actor, body, work)


async def show_article(request: web.Request) -> web.Response:
    """Show one working copy."""
    await authorize(request, "read")
    article = await find_article(request)
    headers = {"ETag": etag(article.version)}
    if has_already(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return web.Response(status=304, headers=headers)
    article = await with_known_pictures(request.app[ARTICLES], article)
    return json_response(ArticleAnswer.of(article).model_dump_json().encode(), headers=headers)


async def list_articles(request: web.Request) -> web.Response:
    """List working copies that pass the filters, newest first; scheduled ones, the next one first."""
    actor = await authorize(request, "read")
    refuse_unknown(request.query, (*_LIST_PARAMETERS, "limit", "cursor"))
    filters, limit = _filters(request, actor), read_limit(request.query)
    if read_flag(request.query, "scheduled"):
        return await _list_scheduled(request, filters, limit)
    found, last = await request.app[ARTICLES].lists.page(filters, cursor_number(request), limit)
    return _list(found, None if last is None else write_cursor(str(last)))


async def _list_scheduled(request: web.Request, filters: Filters, limit: int) -> web.Response:
    found, last = await request.app[ARTICLES].lists.scheduled(filters, _cursor_place(request), limit)
    return _list(found, None if last is None else write_cursor(rfc3339(last[0]), last[1]))


def _list(found: Sequence[Article], cursor: str | None) -> web.Response:
    answer = ArticleList(items=[ArticleAnswer.of(article) for article in found], next_cursor=cursor)
    return json_response(answer.model_dump_json().encode())


def _sent_model(request: web.Request) -> type[SentArticle]:
    """The model of a save: with `?autosave=true` the text may be unfinished."""
    return SentUnfinishedArticle if read_flag(request.query, "autosave") else SentArticle


def _filters(request: web.Request, actor: Actor) -> Filters:
    """The filters of a list. An empty parameter counts as absent."""
    query = request.query
    status, author_id = query.get("status", ""), query.get("by", "")
    if status not in ("", *get_args(Status)):
        raise field_problem("?status", f"status is one of: {', '.join(get_args(Status))}.")
    if len(author_id) > LONGEST_ID:
        raise field_problem("?by", f"by is me, or an id of at most {LONGEST_ID} characters.")
    values = {
        "status": status,
        "section": read_section(request) or "",
        "language": _read_language(query.get("language", "")),
        "tag": _read_term(query, "tag", LONGEST_TAG),
        "byline": _read_term(query, "byline", LONGEST_BYLINE),
        "by": actor.id if author_id == "me" else author_id,
        **{name: "true" for name in ("scheduled", "changed", "submitted") if read_flag(query, name)},
        **({"scheduled": "false"} if query.get("scheduled") == "false" else {}),
    }
    keys = tuple((name, value) for name, value in values.items() if value)
    return Filters(keys, tuple(fold(word) for word in read_search(query.get("q", ""))))


def _read_term(query: Mapping[str, str], name: str, longest: int) -> str:
    text = query.get(name, "")
    if text and (len(text) > longest or is_blank(text)):
        raise field_problem(f"?{name}", f"{name} is 1 to {longest} characters long.")
    return fold(text)


def _read_language(text: str) -> str:
    try:
        return check_language(text) if text else ""
    except ValueError as error:
        raise field_problem("?language", str(error)) from error


def _cursor_place(request: web.Request) -> tuple[datetime, str] | None:
    """Time and id of the last scheduled article on the page before."""
    parts = read_cursor(request.query, 2)
    if parts is None:
        return None
    try:
        return to_milliseconds(datetime.fromisoformat(parts[0])), parts[1]
    except ValueError as error:
        raise field_problem("?cursor", "It is not a cursor of this API.", status=400) from error


_LIST_PARAMETERS = (
    "status",
    "section",
    "language",
    "tag",
    "byline",
    "by",
    "q",
    "scheduled",
    "changed",
    "submitted",
)
ROUTES = [
    web.post("/v1/articles", create_article),
    web.get("/v1/articles", list_articles),
    web.get(f"/v1/articles/{ID}", show_article),
    web.put(f"/v1/articles/{ID}", edit_article),
    web.post(f"/v1/articles/{ID}/publish", publish_article),
    web.post(f"/v1/articles/{ID}/correct", correct_article),
    web.post(f"/v1/articles/{ID}/withdraw", withdraw_article),
]
