"""Pages that come first, and those that wait for them."""

import asyncio

import pytest

from services.rendering.gateway.right_of_way import MOST_FIRST, RightOfWay


async def is_waiting(way: RightOfWay, key: str) -> bool:
    """Whether a render of this key waits. Ends the wait."""
    waiting = asyncio.create_task(way.give_way(key))
    for _ in range(5):
        await asyncio.sleep(0)
    try:
        return not waiting.done()
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_other_pages_wait_until_the_first_is_released() -> None:
    way = RightOfWay(longest_wait_s=60)
    way.claim("/world/new")

    before = await is_waiting(way, "/"), await is_waiting(way, "/world/new")
    way.release("/world/new")

    assert before == (True, False)
    assert not await is_waiting(way, "/")


async def test_wait_is_bounded() -> None:
    way = RightOfWay(longest_wait_s=0.001)
    way.claim("/world/new")

    await asyncio.wait_for(way.give_way("/"), 60)


@pytest.mark.parametrize("count", [0, MOST_FIRST + 1])
async def test_nobody_waits_for_an_import_or_for_nothing(count: int) -> None:
    way = RightOfWay(longest_wait_s=60)
    for number in range(count):
        way.claim(f"/world/{number}")

    assert not await is_waiting(way, "/")
