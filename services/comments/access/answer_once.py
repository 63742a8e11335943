"""The answer to a repeated `Idempotency-Key`, for changes that do no harm when they are made twice: votes, edits, picks."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.comments.access.keys import ROOM
from services.comments.model.keys import STORE
from shared.http.idempotency import Answer, claim
from shared.mongo.collections import Session


async def answer_once(
    request: web.Request,
    principal: str,
    body: bytes,
    work: Callable[[], Awaitable[Answer]],
    *,
    about: str | None = None,
    is_bounded: bool = True,
) -> Answer:
    """The stored answer to the key of this request, or else the answer of `work`, stored after its change.

    A process that ends between the two makes a repetition change the same again. 422 for a key of another request, 503 while
    there is no room for a key (`is_bounded`). `about`: the comment whose text the answer shows, for `Answers.erase`.
    """
    made, store = claim(request, principal, body), request.app[STORE]
    if made is None:
        return await work()

    async def work_and_keep() -> Answer:
        if is_bounded:
            await request.app[ROOM].check("answers")
        answer = await work()

        async def keep(session: Session) -> None:
            await store.answers.keep(session, made, answer, about)

        await store.mongo.transaction(keep)
        return answer

    return await store.answers.once(made, work_and_keep)
