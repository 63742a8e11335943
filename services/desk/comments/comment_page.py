"""A comment's page: its text and story, the author's record, earlier comments and bans, the decision about it."""

import asyncio

from aiohttp import web

from services.desk.comments.bans import BAN_CHOICES, ban_of
from services.desk.comments.calls import read, send
from services.desk.comments.decisions import result_of_address
from services.desk.comments.items import author_of, comment_of, objects_of, texts_of
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH, QueueQuery
from services.desk.forms import Form, read_form
from services.desk.visit import page, see_other

# The newest notes of readers' reports; many are the same sentence.
_MOST_NOTES = 50


@moderators_only
async def show_comment(request: web.Request) -> web.Response:
    """One comment with everything that a moderator needs to decide."""
    path = f"/{request.match_info['id']}"
    found, known = await asyncio.gather(read(request, path), read(request, f"{path}/author"))
    comment = comment_of(found)
    record = known.get("author")
    history = [comment_of(item) for item in objects_of(known, "items")]
    return page(
        request, "comments/comment.html", comment=comment, query=QueueQuery(), form=Form(),
        notes=texts_of(found, "notes")[-_MOST_NOTES:],
        author=author_of(record) if isinstance(record, dict) else comment.author,
        bans=[ban_of(item) for item in objects_of(known, "bans")],
        history=[one for one in history if one.id != comment.id],
        result=result_of_address(request.query), has_banned="banned" in request.query, choices=BAN_CHOICES,
    )  # fmt: skip


@moderators_only
async def pick_comment(request: web.Request) -> web.Response:
    """Make a published comment an editors' pick, or end that."""
    values, path = await read_form(request), f"/{request.match_info['id']}"
    await send(request, "PUT", f"{path}/pick", {"picked": values.get("picked") == "1"}, key=values.get("key", ""))
    return see_other(PATH + path)


_COMMENT = PATH + "/{id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [web.get(_COMMENT, show_comment), web.post(f"{_COMMENT}/pick", pick_comment)]
