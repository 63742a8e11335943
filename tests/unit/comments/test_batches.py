"""Work that callers share: batches, each caller's own result, and none for those who cannot be together."""

import asyncio
from collections.abc import Sequence

import pytest

from services.comments.posting.batches import Batches
from shared.errors import Unavailable


class Recorder:
    """Doubles numbers, when `open` is set; fails for 13, and for all with 666."""

    def __init__(self, most: int = 4, at_once: int = 1) -> None:
        self.seen: list[list[int]] = []
        self.open = asyncio.Event()
        self.time = 0.0
        self.batches = Batches[int, int](
            "test",
            self.work,
            most=most,
            at_once=at_once,
            names_of=lambda item: [str(item % 10)],
            clock=lambda: self.time,
        )

    async def work(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.seen.append(list(items))
        await self.open.wait()
        if 666 in items:
            raise RuntimeError("all")
        return [ValueError(item) if item == 13 else 2 * item for item in items]


async def _start(recorder: Recorder, *items: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(recorder.batches.do(item)) for item in items]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_items_that_wait_together_form_batches_in_order_with_their_own_results() -> None:
    recorder = Recorder()

    first = await _start(recorder, 1)
    others = await _start(recorder, 2, 13, 4, 5, 6)
    recorder.open.set()
    results = await asyncio.gather(*first, *others, return_exceptions=True)

    assert recorder.seen == [[1], [2, 13, 4, 5], [6]]
    assert [result for result in results if isinstance(result, int)] == [2, 4, 8, 10, 12]
    assert isinstance(results[2], ValueError)


async def test_items_with_a_name_in_common_are_never_in_one_batch() -> None:
    recorder = Recorder()

    tasks = await _start(recorder, 0)
    tasks += await _start(recorder, 11, 21, 2, 31, 3)
    recorder.open.set()
    await asyncio.gather(*tasks)

    assert recorder.seen == [[0], [11, 2, 3], [21], [31]]


async def test_failure_of_a_batch_is_everyones_and_the_next_batch_works() -> None:
    recorder = Recorder()

    failing = await _start(recorder, 666)
    fine = await _start(recorder, 1)
    recorder.open.set()
    results = await asyncio.gather(*failing, *fine, return_exceptions=True)

    assert isinstance(results[0], RuntimeError)
    assert results[1] == 2


async def test_caller_that_gives_up_leaves_the_batch_to_the_others() -> None:
    recorder = Recorder()
    one, other = await _start(recorder, 1, 2)

    one.cancel()
    recorder.open.set()

    assert await other == 4
    with pytest.raises(asyncio.CancelledError):
        await one


async def test_item_that_waited_too_long_is_unavailable_without_a_batch() -> None:
    recorder = Recorder()

    tasks = await _start(recorder, 1)
    tasks += await _start(recorder, 2)
    recorder.time = 11.0
    recorder.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert results[0] == 2
    assert isinstance(results[1], Unavailable)
    assert recorder.seen == [[1]]


async def test_batches_at_once_share_no_name_and_leave_nobody_waiting() -> None:
    recorder = Recorder(most=2, at_once=2)

    tasks = await _start(recorder, 1)
    tasks += await _start(recorder, 11)
    tasks += await _start(recorder, 2)
    tasks += await _start(recorder, 3, 21)
    recorder.open.set()
    results = await asyncio.gather(*tasks)

    assert results == [2, 22, 4, 6, 42]
    assert recorder.seen == [[1], [2], [11, 3], [21]]
