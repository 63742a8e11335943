"""The answer to a repeated `Idempotency-Key`, for changes that do no harm when they are made twice: votes, edits, picks."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.comments.access.keys import ROOM
from services.comments.model.keys import STORE
from shared.http.idempotency import Answer, claim


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
    made = claim(request, principal, body)

    async def work_in_room() -> Answer:
        if made is not None and is_bounded:
            await request.app[ROOM].check("answers")
        return await work()

    return await request.app[STORE].answers.once_repeatable(made, work_in_room, about)
