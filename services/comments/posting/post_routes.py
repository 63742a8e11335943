"""HTTP in: readers who post comments."""

import re
from functools import partial

from aiohttp import web

from services.comments.access.keys import RATE_LIMITER, ROOM, TOKEN_CHECKER, TRUSTS_EDGE, VISITORS, WRITER_COOKIE
from services.comments.access.other_sites import refuse_other_sites
from services.comments.access.writer_cookie import new_writer_token
from services.comments.model.keys import STORE
from services.comments.model.records import ArticleCopy
from services.comments.plain_forms import answer_or_problem, is_sent_by_page
from services.comments.posting.contract import NewComment, PostedComment
from services.comments.posting.form_errors import COMMENT
from services.comments.posting.keys import FORM_ERROR_PAGES, LAST_COMMENT, POSTING
from services.comments.posting.posting import AnswerBuilder, Outcome, Submission
from services.comments.posting.repeats import Sender
from services.comments.posting.translation import translated_problem
from services.comments.reading.keys import ARTICLE_LOOKUP
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer, claim
from shared.http.problems import field_problem
from shared.http.requests import (
    FORM_TYPE,
    JSON_TYPE,
    etag,
    parse_form,
    parse_json,
    read_body,
    validate,
)
from shared.http.visitors import address_of, network_of

_NUMBER = re.compile(r"[1-9][0-9]{0,6}")


async def post_comment(request: web.Request) -> web.Response:
    """Store a reader's comment, sent as JSON or as the page's plain form. A form gets pages as answers."""
    if not is_sent_by_page(request):
        return await _translating(request)
    answer = await answer_or_problem(request, _translating)
    if isinstance(answer, Problem):
        return await request.app[FORM_ERROR_PAGES].render(answer, request, COMMENT, await _language(request))
    return answer


async def _translating(request: web.Request) -> web.Response:
    """The answer to a script has its errors in the page's language; an error page translates them itself."""
    if request.content_type == FORM_TYPE:
        return await _post(request)
    try:
        return await _post(request)
    except Problem as problem:
        raise translated_problem(problem, request) from problem


async def _post(request: web.Request) -> web.Response:
    refuse_other_sites(request)
    principal, is_known = await _admit(request), "Authorization" in request.headers
    body = await read_body(request, types=(JSON_TYPE, FORM_TYPE))
    fields, answer = (
        _read_form(request, body) if request.content_type == FORM_TYPE else (parse_json(body), _json_answer)
    )
    sent = validate(NewComment, fields)
    made = claim(request, principal, body)
    outcome: Outcome | None = None
    sender = await read_sender(request)

    async def work() -> Answer:
        nonlocal outcome
        article = await request.app[ARTICLE_LOOKUP].open_for_comments(request.match_info["id"])
        can_wait = is_known or await request.app[ROOM].has("waiting")
        if made is not None and not is_known:
            await request.app[ROOM].check("answers")
        outcome = await request.app[POSTING].post(Submission(article, sent, made, answer, sender, can_wait))
        return outcome.answer

    kept = await request.app[STORE].answers.once(made, work)
    response = kept.response()
    if outcome is None and kept.status == 201:
        await request.app[POSTING].note_again(PostedComment.model_validate_json(kept.body))
    if outcome is not None and outcome.is_new:
        # A repeated answer sets no cookies: another browser may have sent its comment.
        _put_cookies(request, response, sender, outcome.posted)
    return response


def _put_cookies(request: web.Request, response: web.Response, sender: Sender, posted: PostedComment) -> None:
    request.app[WRITER_COOKIE].put(response, sender.token)
    kept_s = int((posted.edit_until - posted.created_at).total_seconds())
    if request.content_type == FORM_TYPE and kept_s:
        request.app[LAST_COMMENT].put(response, posted.id, kept_s)


async def read_sender(request: web.Request) -> Sender:
    """The browser and the visitor of a request."""
    known = request.app[WRITER_COOKIE].find(request)
    visitor = await request.app[VISITORS].of_or_unknown(request)
    address = address_of(request, trusts_edge=request.app[TRUSTS_EDGE])
    agent = request.headers.get("User-Agent", "")
    return Sender(known or new_writer_token(), known is None, visitor, address, agent)


async def _admit(request: web.Request) -> str:
    """The sender: the id of a token's owner, else the visitor's network. 429 above the visitor's limit."""
    # A request with a token is exempt from the rate limit: imports and tests come from one address.
    if "Authorization" in request.headers:
        return (await request.app[TOKEN_CHECKER].owner(request)).id
    await request.app[RATE_LIMITER].admit(request)
    return network_of(request, trusts_edge=request.app[TRUSTS_EDGE])


async def _language(request: web.Request) -> str:
    """The article's language, empty when unknown."""
    try:
        article = await request.app[STORE].articles.find(request.match_info["id"])
    except Unavailable:
        return ""
    return article.language if article else ""


def _page_query(request: web.Request) -> str:
    """The query of the page of comments that holds the form, empty for the newest page; 422 for a malformed number."""
    number = request.query.get("comments")
    if number is None:
        return ""
    if not _NUMBER.fullmatch(number):
        raise field_problem("?comments", "It is not the number of a page of comments.")
    return f"?comments={number}"


def _location(comment: PostedComment, article: ArticleCopy, page: str = "") -> str:
    return f"{article.url}{page}#comment-{comment.id}"


def _json_answer(comment: PostedComment, article: ArticleCopy) -> Answer:
    return Answer(
        201,
        comment.model_dump_json().encode(),
        {"Location": _location(comment, article), "ETag": etag(comment.version)},
    )


def _read_form(request: web.Request, body: bytes) -> tuple[object, AnswerBuilder]:
    """The fields of the page's form, and the builder of its answer. Only a browser without scripts sends `without_script`."""
    page, fields = _page_query(request), parse_form(body)
    answer = _answer_without_script if fields.pop("without_script", "") == "1" else _form_answer
    return fields, partial(answer, page)


def _form_answer(page: str, comment: PostedComment, article: ArticleCopy) -> Answer:
    return Answer(303, b"", {"Location": _location(comment, article, page)})


def _answer_without_script(page: str, comment: PostedComment, article: ArticleCopy) -> Answer:
    """Redirect to the thanks on the page. A rejected comment has a page of its own, which gives the reason."""
    if comment.status == "rejected":
        return Answer(303, b"", {"Location": f"/v1/comments/{comment.id}/edit?received=1"})
    return Answer(303, b"", {"Location": f"{article.url}{page}{'&' if page else '?'}received=1#received"})


ROUTES = [web.post("/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/comments", post_comment)]
