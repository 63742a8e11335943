"""HTTP in: writers who change or delete their comment, by the token of its answer."""

import hmac
import re

from aiohttp import web

from services.comments.access.keys import RATE_LIMITER
from services.comments.posting.contract import EditedText
from services.comments.posting.editing import Own, is_in_time
from services.comments.posting.keys import EDITING
from services.comments.posting.post_routes import read_sender
from services.comments.posting.translation import translated_problem
from shared.errors import Problem
from shared.http.bearer import hash_token
from shared.http.problems import json_response
from shared.http.requests import etag, read_model

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
    text = await read_model(request, EditedText)
    changed = await request.app[EDITING].edit(own, text.body, await read_sender(request))
    headers = {"ETag": etag(changed.comment.version)}
    return json_response(changed.answer().model_dump_json().encode(), headers=headers)


async def delete_comment(request: web.Request) -> web.Response:
    """Delete a comment: its text and name are erased, its replies stay."""
    await request.app[RATE_LIMITER].admit(request)
    await request.app[EDITING].delete(await _own_by_token(request))
    return web.Response(status=204)


async def _own_by_token(request: web.Request) -> Own:
    """The comment of the path; 401 for a wrong token, 403 after the time for changes, 404 for an unknown comment."""
    token = _CREDENTIAL.fullmatch(request.headers.get("Authorization", "").strip())
    if token is None:
        raise Problem(401, "Send the comment's edit token: Authorization: Comment EDIT_TOKEN.", headers=_CHALLENGE)
    own = await request.app[EDITING].find(request.match_info["id"])
    if not hmac.compare_digest(own.contact.edit_hash, hash_token(token[1])):
        raise Problem(401, "This is not the edit token of this comment.", headers=_CHALLENGE)
    if not is_in_time(own):
        raise Problem(403, "The time to change this comment is over.")
    return own


_COMMENT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [web.patch(_COMMENT, edit_comment), web.delete(_COMMENT, delete_comment)]
