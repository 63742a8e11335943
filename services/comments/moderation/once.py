"""A moderator's change: its body, its precondition, and one transaction that also stores its answer."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.comments.model.store import Store
from services.comments.moderation.decision_contract import NoFields
from shared.http.idempotency import Answer, Claim
from shared.http.requests import Tags, parse_json, read_body, read_if_match, validate
from shared.mongo.collections import Session


async def change_once(
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


async def read_empty_body(request: web.Request) -> bytes:
    """The body of a call without parameters: empty, or an empty object; 422 for any field."""
    if not request.body_exists:
        return b""
    body = await read_body(request)
    validate(NoFields, parse_json(body) if body else {})
    return body


def read_optional_if_match(request: web.Request) -> Tags:
    """The tags of `If-Match`. It is optional: decisions and settings name the state that they lead to."""
    return read_if_match(request, demanded=False)
