"""HTTP in: one published comment, and what the newsroom picked."""

from dataclasses import replace

from aiohttp import web

from services.comments.access.answer_once import answer_once
from services.comments.access.moderators import moderator
from services.comments.model.contract import CommentAnswer
from services.comments.model.keys import STORE
from services.comments.model.records import Comment
from services.comments.model.store import Store
from services.comments.reading.comments import find_public, no_comment, note_published_change, publish_change
from services.comments.reading.contract import Pick, PublicComment
from services.comments.reading.keys import ARTICLE_LOOKUP
from shared.errors import Problem
from shared.http.idempotency import Answer
from shared.http.problems import json_response
from shared.http.requests import etag, parse_json, read_body, refuse_unknown, validate
from shared.http.token_checker import TokenOwner
from shared.mongo.collections import Session


async def show_comment(request: web.Request) -> web.Response:
    """Show a published comment, with the address that leads to it on any page."""
    refuse_unknown(request.query, ())
    comment, article = await find_public(request.app[STORE], request.app[ARTICLE_LOOKUP], request.match_info["id"])
    url = f"{article.url}?comment={comment.id}#comment-{comment.id}"
    answer = PublicComment(**CommentAnswer.of(comment).model_dump(), url=url)
    return json_response(answer.model_dump_json().encode())


async def pick_comment(request: web.Request) -> web.Response:
    """Mark a comment as picked, or take the mark back. A repetition changes nothing."""
    owner = await moderator(request)
    body = await read_body(request)
    picked, comment_id = validate(Pick, parse_json(body)).picked, request.match_info["id"]

    async def work() -> Answer:
        comment = await _pick(request.app[STORE], comment_id, picked, owner)
        return Answer(200, CommentAnswer.of(comment).model_dump_json().encode(), {"ETag": etag(comment.version)})

    return (await answer_once(request, owner.id, body, work, about=comment_id, is_bounded=False)).response()


async def _pick(store: Store, comment_id: str, picked: bool, owner: TokenOwner) -> Comment:
    """The comment with the mark, or without it. 404 without the comment, 409 when it is not published."""

    async def work(session: Session) -> tuple[Comment, bool]:
        before = await store.comments.find(comment_id, session)
        if before is None:
            raise no_comment()
        if before.status != "published":
            raise Problem(409, f"A {before.status} comment cannot be picked.")
        if before.picked == picked:
            return before, False
        after = replace(before, picked=picked, version=before.version + 1)
        await publish_change(store, after, session)
        await store.comments.note_all([after], "pick" if picked else "unpick", owner.name, session)
        return after, True

    comment, is_changed = await store.mongo.transaction(work)
    if is_changed:
        await note_published_change(store, comment)
    return comment


# `moderation/comment_routes.py` has the route of `show_comment`, since moderators see more.
ROUTES = [web.put("/v1/comments/{id:[A-Za-z0-9_-]{1,64}}/pick", pick_comment)]
