"""HTTP in: writers who change or delete their comment, by the token of its answer."""

import hmac
import re

from aiohttp import web

from services.comments.access.answer_once import answer_once
from services.comments.access.keys import RATE_LIMITER
from services.comments.posting.contract import EditedText
from services.comments.posting.editing import Own, is_in_time
from services.comments.posting.keys import EDITING
from services.comments.posting.post_routes import read_sender
from services.comments.posting.translation import translated_problem
from shared.errors import Problem
from shared.http.bearer import hash_token
from shared.http.idempotency import Answer
from shared.http.requests import etag, parse_json, read_body, validate

_CREDENTIAL = re.compile(r"Comment +([A-Za-z0-9_-]{43})", re.IGNORECASE)
_CHALLENGE = {"WWW-Authenticate": 'Comment realm="comments"'}


async def edit_comment(request: web.Request) -> web.Response:
    """Give a comment another text; the pipeline decides about it again."""
    try:
        return await _edit(request)
    except Problem as problem:
        raise translated_problem(problem, request) from problem


async def _edit(request: web.Request) -> web.Response:
    await request.app[RATE_LIMITER].admit(request)
    own = await _own_by_token(request)
    body = await read_body(request)

    async def work() -> Answer:
        _check_time(own)
        text = validate(EditedText, parse_json(body))
        changed = await request.app[EDITING].edit(own, text.body, await read_sender(request))
        return Answer(200, changed.answer().model_dump_json().encode(), {"ETag": etag(changed.comment.version)})

    answer = await answer_once(request, own.contact.edit_hash, body, work, about=own.comment.id)
    return answer.response()


async def delete_comment(request: web.Request) -> web.Response:
    """Delete a comment: its text and name are erased, its replies stay."""
    await request.app[RATE_LIMITER].admit(request)
    own = await _own_by_token(request)

    async def work() -> Answer:
        _check_time(own)
        await request.app[EDITING].delete(own)
        return Answer(204, b"", {})

    return (await answer_once(request, own.contact.edit_hash, b"", work)).response()


async def _own_by_token(request: web.Request) -> Own:
    """The comment of the path; 401 for a wrong token, 404 for an unknown comment."""
    token = _CREDENTIAL.fullmatch(request.headers.get("Authorization", "").strip())
    if token is None:
        raise Problem(401, "Send the comment's edit token: Authorization: Comment EDIT_TOKEN.", headers=_CHALLENGE)
    own = await request.app[EDITING].find(request.match_info["id"])
    if not hmac.compare_digest(own.contact.edit_hash, hash_token(token[1])):
        raise Problem(401, "This is not the edit token of this comment.", headers=_CHALLENGE)
    return own


def _check_time(own: Own) -> None:
    if not is_in_time(own):
        raise Problem(403, "The time to change this comment is over.")


_COMMENT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [web.patch(_COMMENT, edit_comment), web.delete(_COMMENT, delete_comment)]
