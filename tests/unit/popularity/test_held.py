"""Held lookups: their time, their number, and what concurrent callers share."""

import asyncio

import pytest

from services.popularity.model.held import Held


class Source:
    """Counts its lookups, and fails when told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None

    async def read(self, key: str) -> int:
        self.asked.append(key)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return len(self.asked)


async def test_concurrent_and_later_questions_share_a_lookup_until_its_time_is_over() -> None:
    source, time = Source(), [0.0]
    held = Held(source.read, hold_s=2.0, most=2, clock=lambda: time[0])

    assert tuple(await asyncio.gather(held.find("a"), held.find("a"), held.find("b"))) == (2, 2, 2)
    time[0] = 1.9
    assert await held.find("a") == 2
    time[0] = 2.0
    assert await held.find("a") == 3
    await held.find("c")
    assert await held.find("a") == 3
    await held.find("b")

    assert source.asked == ["a", "b", "a", "c", "b"]


async def test_failed_lookup_is_not_held_and_a_cancelled_caller_ends_it_for_nobody() -> None:
    source = Source()
    held = Held(source.read, hold_s=60.0, most=2)
    source.error = ValueError("away")
    with pytest.raises(ValueError, match="away"):
        await held.find("a")
    source.error = None

    impatient, patient = asyncio.create_task(held.find("a")), asyncio.create_task(held.find("a"))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await patient == 2
    assert source.asked == ["a", "a"]
