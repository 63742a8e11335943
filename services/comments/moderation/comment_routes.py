"""HTTP in: one comment, and its author's history. Readers get the published comment."""

import asyncio

from aiohttp import web

from services.comments.access.moderators import is_moderator, moderator
from services.comments.model.keys import STORE
from services.comments.moderation.ban_contract import BanAnswer
from services.comments.moderation.item_contract import AuthorAnswer, AuthorHistory, ModeratedComment, WholeComment
from services.comments.moderation.items import ItemView
from services.comments.moderation.keys import ITEMS
from services.comments.reading.comment_routes import show_comment as show_to_reader
from services.comments.reading.keys import REPORTS
from shared.errors import Problem
from shared.http.problems import json_response
from shared.http.requests import etag, refuse_unknown

_MOST_IN_HISTORY = 50


async def show_comment(request: web.Request) -> web.Response:
    """Show a comment of any state with everything around it to a moderator, and a published one to anybody else."""
    if not await is_moderator(request):
        return await show_to_reader(request)
    refuse_unknown(request.query, ())
    view = await _item(request)
    notes = await request.app[REPORTS].notes(view.comment.id)
    answer = WholeComment.whole(view, notes)
    return json_response(answer.model_dump_json().encode(), headers={"ETag": etag(view.comment.version)})


async def _item(request: web.Request) -> ItemView:
    found = await request.app[ITEMS].of([request.match_info["id"]])
    if not found:
        raise Problem(404, "There is no such comment.")
    return found[0]


async def show_author(request: web.Request) -> web.Response:
    """Show the record of a comment's author, the bans in force, and the last fifty comments."""
    await moderator(request)
    refuse_unknown(request.query, ())
    view = await _item(request)
    author = view.author
    written = await request.app[STORE].contacts.comments_by(author.id) if author.id else [view.comment.id]
    items, names = await asyncio.gather(
        request.app[ITEMS].of(written[: -_MOST_IN_HISTORY - 1 : -1]), request.app[ITEMS].names(author.bans)
    )
    answer = AuthorHistory(
        author=AuthorAnswer.of(author),
        bans=[BanAnswer.of(ban, names) for ban in author.bans],
        items=[ModeratedComment.item(item) for item in items],
    )
    return json_response(answer.model_dump_json().encode())


_COMMENT = "/v1/comments/{id:[0-9a-z]{26}}"
ROUTES = [web.get(_COMMENT, show_comment), web.get(f"{_COMMENT}/author", show_author)]
