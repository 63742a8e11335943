"""HTTP in: moderators' decisions and settings. One transaction holds a decision, its audit entry and its event."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from services.comments.access.moderators import moderator
from services.comments.model.contract import CommentAnswer
from services.comments.model.keys import STORE
from services.comments.model.records import Comment, ModerationRule, next_version
from services.comments.model.rules import STATUSES, Action, NotAllowed, Status, next_status
from services.comments.model.store import Store
from services.comments.moderation.contract import CommentList, CommentSettings, NoFields
from services.comments.reading.list_routes import read_sort
from shared.errors import Problem
from shared.http.idempotency import Answer, Claim, claim
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    JSON_TYPE,
    Tags,
    etag,
    parse_json,
    read_body,
    read_id_cursor,
    read_if_match,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.mongo.collections import Session


async def list_by_status(request: web.Request) -> web.Response:
    """List comments of one status, by default the pending ones."""
    await moderator(request)
    refuse_unknown(request.query, ("status", "sort", "limit", "cursor"))
    limit, cursor = read_limit(request.query), read_id_cursor(request.query)
    found = await request.app[STORE].comments.with_status(
        _read_status(request.query), read_sort(request.query), cursor, limit + 1
    )
    shown = found[:limit]
    answer = CommentList(
        items=[CommentAnswer.of(comment) for comment in shown],
        next_cursor=write_cursor(shown[-1].id) if len(found) > limit else None,
    )
    return json_response(answer.model_dump_json().encode())


def _read_status(query: Mapping[str, str]) -> Status:
    status = query.get("status", "pending")
    if status not in STATUSES:
        raise field_problem("?status", f"status is one of {', '.join(STATUSES)}.")
    return status


def decide(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of one action."""

    async def handler(request: web.Request) -> web.Response:
        owner = await moderator(request)
        body = await _read_empty_body(request)
        store, comment_id, if_match = request.app[STORE], request.match_info["id"], _read_if_match(request)

        article_id = ""

        async def work(session: Session) -> Answer:
            nonlocal article_id
            before = await store.comments.find(comment_id, session)
            after = _decide(before, action, if_match)
            article_id = after.article_id
            if before is not None and after.version != before.version:
                await store.change(after, action, owner.name, session)
            return _answer(after)

        response = await _once(store, claim(request, owner.id, body), work, about=comment_id)
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


async def _once(
    store: Store, wanted: Claim | None, work: Callable[[Session], Awaitable[Answer]], about: str | None = None
) -> web.Response:
    """Do the work in a transaction that also stores its answer under the request's Idempotency-Key."""

    async def work_and_keep(session: Session) -> Answer:
        answer = await work(session)
        await store.answers.keep(session, wanted, answer, about)
        return answer

    answer = await store.answers.once(wanted, lambda: store.mongo.transaction(work_and_keep))
    store.outbox.wake()
    return answer.response()


async def _read_empty_body(request: web.Request) -> bytes:
    if not request.body_exists:
        return b""
    body = await read_body(request)
    validate(NoFields, parse_json(body) if body else {})
    return body


def _read_if_match(request: web.Request) -> Tags:
    # A decision names the state that it leads to, so the precondition is optional.
    return read_if_match(request, demanded=False)


async def show_settings(request: web.Request) -> web.Response:
    """Show which comments wait for a moderator."""
    await moderator(request)
    return _settings_answer(await request.app[STORE].rules.current()).response()


async def change_settings(request: web.Request) -> web.Response:
    """Set which new comments wait for a moderator."""
    owner = await moderator(request)
    body = await read_body(request, types=(JSON_TYPE,))
    mode = validate(CommentSettings, parse_json(body)).mode
    store, if_match = request.app[STORE], _read_if_match(request)

    async def work(session: Session) -> Answer:
        before = await store.rules.current(session)
        if not if_match.match(before.version):
            raise Problem(412, "The settings have another version by now; read them again.")
        after = ModerationRule(mode, before.version + 1)
        await store.rules.put(after, owner.name, session)
        return _settings_answer(after)

    return await _once(store, claim(request, owner.id, body), work)


def _settings_answer(rule: ModerationRule) -> Answer:
    return Answer(200, CommentSettings(mode=rule.mode).model_dump_json().encode(), {"ETag": etag(rule.version)})


_COMMENT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [
    web.get("/v1/comments", list_by_status),
    web.get("/v1/comments/settings", show_settings),
    web.put("/v1/comments/settings", change_settings),
    web.post(f"{_COMMENT}/approve", decide("approve")),
    web.post(f"{_COMMENT}/reject", decide("reject")),
    web.post(f"{_COMMENT}/remove", decide("remove")),
]
