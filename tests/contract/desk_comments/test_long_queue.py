"""A queue of 10,000 waiting comments: its pages cost about what those of a short one do."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import pytest

from services.comments.model.records import Comment
from services.comments.settings import CommentsSettings
from shared.ids import new_id
from shared.mongo.collections import Session
from tests.support.comment_desk import CommentDesk, running_comment_desk
from tests.support.desk import DeskClient
from tests.support.polling import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

WAITING = 10_000
_AT_ONCE = 500
_MEASURES = 9
# A request varies by this much on a busy machine.
_NOISE_S = 0.1


async def test_page_of_ten_thousand_waiting_comments_is_as_quick_as_a_short_one(
    comment_desk: CommentDesk,
    moderator: DeskClient,
    comments_settings: CommentsSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    await comment_desk.waiting(*(f"Waiting {number}." for number in range(30)))
    async with running_comment_desk(comments_settings, tmp_path_factory.mktemp("long")) as long:
        (one,) = await long.waiting("The first of many.")
        found = await long.comments.store.comments.find(str(one["id"]))
        assert found is not None
        copies = [replace(found, id=(id_ := new_id()), root_id=id_) for _ in range(WAITING)]
        for start in range(0, WAITING, _AT_ONCE):
            await _add(long, copies[start : start + _AT_ONCE])
        await long.comments.store.queues.prepare()
        other = await long.desk.as_role("moderator")

        async def is_counted() -> bool:
            return f'data-count="pending">{WAITING + 1:,}<' in (await other.get("/desk/comments")).text

        # The first request reads the queue, and on a busy machine goes without the counts; later ones have it in memory.
        await eventually(is_counted, what="the page counts all that waits")

        small, large = [], []
        for _ in range(_MEASURES):
            small.append(await _seconds(moderator))
            large.append(await _seconds(other))

    print(f"short {statistics.median(small):.3f} s, long {statistics.median(large):.3f} s")
    assert statistics.median(large) < 3 * statistics.median(small) + _NOISE_S


async def _add(desk: CommentDesk, comments: Sequence[Comment]) -> None:
    store = desk.comments.store

    async def work(session: Session) -> None:
        await store.comments.add_all(comments, session)

    await store.mongo.transaction(work)


async def _seconds(person: DeskClient) -> float:
    started = perf_counter()
    await person.get("/desk/comments")
    return perf_counter() - started
