"""Admission bounds running and waiting work."""

import asyncio

import pytest

from shared.admission import Admission
from shared.errors import Unavailable


async def test_work_beyond_the_bound_waits_in_order_of_arrival() -> None:
    admission, order = Admission("work", at_once=2, wait_s=60), list[int]()

    async def work(number: int) -> None:
        async with admission.turn():
            order.append(number)
            assert len(running) <= 2
            running.add(number)
            await asyncio.sleep(0)
            running.remove(number)

    running: set[int] = set()
    await asyncio.gather(*(work(number) for number in range(6)))

    assert order == list(range(6))


async def test_full_queue_is_unavailable_at_once() -> None:
    admission = Admission("work", at_once=1, most_waiting=1, wait_s=60)
    async with admission.turn():
        waiting = asyncio.create_task(_use(admission))
        await asyncio.sleep(0)

        with pytest.raises(Unavailable, match="too many works are waiting"):
            await _use(admission)

    await waiting


async def test_late_turn_is_unavailable_and_frees_its_place_in_the_queue() -> None:
    waits: list[float] = []
    admission = Admission("work", at_once=1, most_waiting=1, wait_s=0.01, observe_wait=waits.append)
    async with admission.turn():
        for _ in range(2):
            with pytest.raises(Unavailable, match="no free work slot within"):
                await _use(admission)
    await _use(admission)

    assert [wait >= 0.01 for wait in waits] == [False, True, True, False]


async def test_failed_or_cancelled_work_frees_its_slot() -> None:
    admission = Admission("work", at_once=1, wait_s=60)

    async def fail() -> None:
        async with admission.turn():
            raise RuntimeError

    async def hang() -> None:
        async with admission.turn():
            await asyncio.Event().wait()

    with pytest.raises(RuntimeError):
        await fail()
    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    queued = asyncio.create_task(_use(admission))
    await asyncio.sleep(0)
    queued.cancel()
    hanging.cancel()
    await asyncio.wait([hanging, queued])

    async with asyncio.timeout(10):
        await _use(admission)


async def _use(admission: Admission) -> None:
    async with admission.turn():
        pass
