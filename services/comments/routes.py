"""HTTP in: readers' comments. What moderators do is in `moderation.py`."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from aiohttp import web

from services.comments import rules
from services.comments.contract import CommentAnswer, Discussion, NewComment, ThreadAnswer
from services.comments.form_errors import COMMENT, answer_or_problem
from services.comments.keys import NEWSROOM, PAGES, STORE, TOKENS, VISITORS
from services.comments.messages import ROUTES as MESSAGE_ROUTES
from services.comments.moderation import ROUTES as MODERATION_ROUTES
from services.comments.moderation import read_sort
from services.comments.posting import Answering, Draft, post
from services.comments.rules import Node
from services.comments.store import Article, Comment, placed
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer, claim
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    FORM_TYPE,
    JSON_TYPE,
    etag,
    parse_form,
    parse_json,
    read_body,
    read_id_cursor,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)

_NUMBER = re.compile(r"[1-9][0-9]{0,6}")


async def post_comment(request: web.Request) -> web.Response:
    """Take a reader's comment: as JSON, or as the page's plain form, whose sender is answered with pages."""
    answer = await answer_or_problem(request, _post)
    if isinstance(answer, Problem):
        return await request.app[PAGES].refusal(answer, request, COMMENT, await _language(request))
    return answer


async def _post(request: web.Request) -> web.Response:
    await _admit(request)
    body = await read_body(request, types=(JSON_TYPE, FORM_TYPE))
    fields, answer = (
        _read_form(request, body) if request.content_type == FORM_TYPE else (parse_json(body), _json_answer)
    )
    sent = validate(NewComment, fields)
    made = claim(request, "reader", body)
    store = request.app[STORE]

    async def work() -> Answer:
        article = await request.app[NEWSROOM].open_for_comments(request.match_info["id"])
        return await post(store, Draft(article, sent, made, answer))

    return (await store.answers.once(made, work)).response()


async def _admit(request: web.Request) -> None:
    # Whoever is known by name need not be told apart by address: imports and tests come from one.
    if "Authorization" in request.headers:
        await request.app[TOKENS].person(request)
    else:
        await request.app[VISITORS].admit(request)


async def _language(request: web.Request) -> str:
    """The article's language, empty where it is not known."""
    try:
        article = await request.app[STORE].articles.find(request.match_info["id"])
    except Unavailable:
        return ""
    return article.language if article else ""


def _page(request: web.Request) -> str:
    """The query of the older page of comments that a reply was written on, empty on the newest; 422 where it is none."""
    number = request.query.get("comments")
    if number is None:
        return ""
    if not _NUMBER.fullmatch(number):
        raise field_problem("?comments", "It is not the number of a page of comments.")
    return f"?comments={number}"


def _place(comment: Comment, article: Article, page: str = "") -> str:
    return f"{article.url}{page}#comment-{comment.id}"


def _json_answer(comment: Comment, article: Article) -> Answer:
    body = CommentAnswer.of(comment).model_dump_json().encode()
    return Answer(201, body, {"Location": _place(comment, article), "ETag": etag(comment.version)})


def _read_form(request: web.Request, body: bytes) -> tuple[object, Answering]:
    """What the page's form holds, and how its sender is answered; only a browser without scripts sends `without_script`."""
    page, fields = _page(request), parse_form(body)
    answer = _answer_without_script if fields.pop("without_script", "") == "1" else _form_answer
    return fields, partial(answer, page)


def _form_answer(page: str, comment: Comment, article: Article) -> Answer:
    return Answer(303, b"", {"Location": _place(comment, article, page)})


def _answer_without_script(page: str, _: Comment, article: Article) -> Answer:
    """The comment may not be in its place yet, and no script can say so: to the page that thanks."""
    return Answer(303, b"", {"Location": f"{article.url}{page}{'&' if page else '?'}received=1#received"})


async def list_comments(request: web.Request) -> web.Response:
    """An article's threads, a page of them."""
    refuse_unknown(request.query, ("sort", "limit", "cursor"))
    sort, limit = read_sort(request.query), read_limit(request.query)
    cursor = read_id_cursor(request.query)
    article = await request.app[NEWSROOM].readable(request.match_info["id"])
    comments = {comment.id: comment for comment in await request.app[STORE].comments.of_article(article.id)}
    threads = rules.arrange([placed(comment) for comment in comments.values()])
    shown, more = rules.page(threads, sort, cursor, limit)
    discussion = Discussion(
        items=_with_replies(shown, comments),
        next_cursor=write_cursor(shown[-1].id) if more else None,
        total=rules.count_published(threads, {comment.id: comment.status for comment in comments.values()}),
    )
    return json_response(discussion.model_dump_json().encode())


def _with_replies(nodes: Sequence[Node], comments: Mapping[str, Comment]) -> list[ThreadAnswer]:
    return [ThreadAnswer.with_replies(comments[node.id], _with_replies(node.replies, comments)) for node in nodes]


ROUTES = [
    web.post("/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/comments", post_comment),
    web.get("/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/comments", list_comments),
    *MESSAGE_ROUTES,
    *MODERATION_ROUTES,
]
