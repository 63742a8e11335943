"""HTTP in: moderators' decisions. One transaction holds a decision, its audit entry and its event."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.comments.access.moderators import moderator
from services.comments.model.contract import CommentAnswer
from services.comments.model.keys import STORE
from services.comments.model.records import Comment, next_version
from services.comments.model.rules import Action, NotAllowed, next_status
from services.comments.moderation.once import change_once, read_empty_body, read_optional_if_match
from shared.errors import Problem
from shared.http.idempotency import Answer, claim
from shared.http.requests import Tags, etag
from shared.mongo.collections import Session


def decide(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of one action."""

    async def handler(request: web.Request) -> web.Response:
        owner = await moderator(request)
        body = await read_empty_body(request)
        store, comment_id, if_match = request.app[STORE], request.match_info["id"], read_optional_if_match(request)

        article_id = ""

        async def work(session: Session) -> Answer:
            nonlocal article_id
            before = await store.comments.find(comment_id, session)
            after = _decide(before, action, if_match)
            article_id = after.article_id
            if before is not None and after.version != before.version:
                await store.change(after, action, owner.name, session)
            return _answer(after)

        response = await change_once(store, claim(request, owner.id, body), work, about=comment_id)
        if article_id:
            await store.discussions.note(article_id, comment_id)
        return response

    handler.__name__ = f"{action}_comment"
    return handler


def _decide(before: Comment | None, action: Action, if_match: Tags) -> Comment:
    if before is None:
        raise Problem(404, "There is no such comment.")
    if not if_match.match(before.version):
        raise Problem(412, "The comment has another version by now; read it again.")
    try:
        status = next_status(before.status, action)
    except NotAllowed as error:
        raise Problem(409, f"The action {action} is not possible for a {before.status} comment.") from error
    return before if status == before.status else next_version(before, status)


def _answer(comment: Comment) -> Answer:
    return Answer(200, CommentAnswer.of(comment).model_dump_json().encode(), {"ETag": etag(comment.version)})


_COMMENT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [
    web.post(f"{_COMMENT}/approve", decide("approve")),
    web.post(f"{_COMMENT}/reject", decide("reject")),
    web.post(f"{_COMMENT}/remove", decide("remove")),
]
