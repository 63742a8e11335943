"""Background tasks end when stopped, even when a library swallows the cancellation."""

import asyncio

from shared.process.process import start_task, stop_task


async def test_task_stops_although_a_library_swallows_the_cancellation() -> None:
    arrived = asyncio.get_running_loop().create_future()
    waiting = asyncio.Event()

    async def work() -> None:
        waiting.set()
        await asyncio.wait_for(arrived, 60)  # before Python 3.12 the result hides the cancellation
        await asyncio.Event().wait()

    task = start_task(work(), "work")
    await waiting.wait()
    await asyncio.sleep(0)

    arrived.set_result(None)
    await stop_task(task, again_after_s=0.01)

    assert task.cancelled()


async def test_task_that_does_not_stop_is_abandoned() -> None:
    stubborn = asyncio.Event()

    async def work() -> None:
        while not stubborn.is_set():
            try:
                await stubborn.wait()
            except asyncio.CancelledError:
                continue

    task = start_task(work(), "work")
    await asyncio.sleep(0)

    await stop_task(task, again_after_s=0.01)

    assert not task.done()
    stubborn.set()
    await task
