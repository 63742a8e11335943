"""HTTP in: moderators' decisions, their undoing, and the audit."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from services.comments.access.moderators import moderator
from services.comments.model.contract import CommentAnswer
from services.comments.model.records import Comment
from services.comments.model.rules import Action, NotAllowed
from services.comments.moderation.decision_contract import AuditList, DecisionAnswer, DecisionEntry, NewDecision
from services.comments.moderation.decision_rules import decided_alone
from services.comments.moderation.decisions import Decisions, Made, Wanted, decided_by
from services.comments.moderation.keys import DECISIONS
from services.comments.moderation.once import change_once, read_empty_body, read_optional_if_match
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer, Claim, claim
from shared.http.problems import json_response
from shared.http.requests import (
    Tags,
    etag,
    parse_json,
    read_body,
    read_id_cursor,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.ids import new_id
from shared.mongo.collections import Session

Work = Callable[[Session], Awaitable[tuple[Answer, Sequence[Comment]]]]


def decide(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of one action on one comment."""

    async def handler(request: web.Request) -> web.Response:
        owner = await moderator(request)
        body = await read_empty_body(request)
        decisions, comment_id = request.app[DECISIONS], request.match_info["id"]
        if_match, by = read_optional_if_match(request), decided_by(new_id(), action, owner)

        async def work(session: Session) -> tuple[Answer, Sequence[Comment]]:
            before = _expected(await decisions.store.comments.find(comment_id, session), if_match)
            try:
                after = decided_alone(before, action, by)
            except NotAllowed as error:
                detail = f"The action {action} is not possible for a {before.status} comment."
                raise Problem(409, detail) from error
            if after.version != before.version:
                await decisions.change(before, after, by, session)
            return _comment_answer(after), (after,)

        return await _carry_out(decisions, claim(request, owner.id, body), work, about=comment_id)

    handler.__name__ = f"{action}_comment"
    return handler


def _expected(comment: Comment | None, if_match: Tags) -> Comment:
    if comment is None:
        raise Problem(404, "There is no such comment.")
    if not if_match.match(comment.version):
        raise Problem(412, "The comment has another version by now; read it again.")
    return comment


def _comment_answer(comment: Comment) -> Answer:
    return Answer(200, CommentAnswer.of(comment).model_dump_json().encode(), {"ETag": etag(comment.version)})


async def decide_together(request: web.Request) -> web.Response:
    """Decide about up to a hundred comments at once."""
    owner = await moderator(request)
    body = await read_body(request)
    sent = validate(NewDecision, parse_json(body))
    decisions, decision_id = request.app[DECISIONS], new_id()
    wanted = Wanted(list(dict.fromkeys(sent.ids)), sent.action, sent.reason, sent.versions)

    async def work(session: Session) -> tuple[Answer, Sequence[Comment]]:
        made = await decisions.decide(wanted, decision_id, owner, session)
        return _made_answer(made), made.changed

    return await _carry_out(decisions, claim(request, owner.id, body), work)


async def undo_decision(request: web.Request) -> web.Response:
    """Take back a decision, where nobody has changed anything since."""
    owner = await moderator(request)
    body = await read_empty_body(request)
    decisions, decision_id = request.app[DECISIONS], new_id()

    async def work(session: Session) -> tuple[Answer, Sequence[Comment]]:
        made = await decisions.undo(request.match_info["decision_id"], decision_id, owner, session)
        return _made_answer(made), made.changed

    return await _carry_out(decisions, claim(request, owner.id, body), work)


def _made_answer(made: Made) -> Answer:
    return Answer(200, DecisionAnswer.of(made).model_dump_json().encode(), {})


async def _carry_out(decisions: Decisions, wanted: Claim | None, work: Work, about: str | None = None) -> web.Response:
    changed: Sequence[Comment] = ()

    async def work_once(session: Session) -> Answer:
        nonlocal changed
        answer, changed = await work(session)
        return answer

    try:
        response = await change_once(decisions.store, wanted, work_once, about)
    except Unavailable:
        # The commit may have happened, so all instances read these comments again.
        decisions.store.queues.note(*(comment.id for comment in changed))
        decisions.store.discussions.note_later((comment.article_id, comment.id) for comment in changed)
        raise
    await decisions.committed(changed)
    return response


async def list_decisions(request: web.Request) -> web.Response:
    """List decisions and changes of bans, newest first."""
    await moderator(request)
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, cursor = read_limit(request.query), read_id_cursor(request.query)
    found = await request.app[DECISIONS].records.newest(cursor, limit + 1)
    shown = found[:limit]
    answer = AuditList(
        items=[DecisionEntry.of(record) for record in shown],
        next_cursor=write_cursor(shown[-1].id) if len(found) > limit else None,
    )
    return json_response(answer.model_dump_json().encode())


_COMMENT = "/v1/comments/{id:[A-Za-z0-9_-]{1,64}}"
_DECISION = "/v1/comments/decisions/{decision_id:[A-Za-z0-9_-]{1,64}}"
ROUTES = [
    web.get("/v1/comments/decisions", list_decisions),
    web.post("/v1/comments/decisions", decide_together),
    web.post(f"{_DECISION}/undo", undo_decision),
    web.post(f"{_COMMENT}/approve", decide("approve")),
    web.post(f"{_COMMENT}/reject", decide("reject")),
    web.post(f"{_COMMENT}/remove", decide("remove")),
]
