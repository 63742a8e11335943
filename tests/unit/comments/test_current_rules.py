"""The settings in force: how old they get, and who reads them."""

import asyncio

import pytest

from services.comments.model.current_rules import CurrentRules
from services.comments.model.records import ModerationRule
from shared.errors import Unavailable


class Reads:
    """A store whose version rises with each read, at a clock that the test turns."""

    def __init__(self) -> None:
        self.count = 0
        self.at = 0.0
        self.gate: asyncio.Event | None = None
        self.rules = CurrentRules(self.read, lambda: self.at)

    async def read(self) -> ModerationRule:
        self.count += 1
        version = self.count
        if self.gate is not None:
            await self.gate.wait()
        return ModerationRule("post", version)


async def test_settings_are_read_once_a_second() -> None:
    reads = Reads()

    versions = []
    for at in (0.0, 0.99, 1.0, 1.5):
        reads.at = at
        versions.append((await reads.rules.get()).version)

    assert versions == [1, 1, 2, 2]


async def test_waiting_requests_share_a_read_and_one_that_gives_up_harms_none() -> None:
    reads = Reads()
    reads.gate = asyncio.Event()

    waiting = [asyncio.create_task(reads.rules.get()) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    reads.gate.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [ModerationRule("post", 1)] * 4


async def test_read_from_before_a_change_is_not_kept() -> None:
    reads = Reads()
    reads.gate = asyncio.Event()
    before = asyncio.create_task(reads.rules.get())
    await asyncio.sleep(0)

    reads.rules.forget()
    after = asyncio.create_task(reads.rules.get())
    await asyncio.sleep(0)
    reads.gate.set()

    assert [(await before).version, (await after).version, (await reads.rules.get()).version] == [1, 2, 2]


async def test_failed_read_is_tried_again() -> None:
    found: list[Unavailable | ModerationRule] = [Unavailable("MongoDB: gone"), ModerationRule("pre", 3)]
    answers = iter(found)

    async def read() -> ModerationRule:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rules = CurrentRules(read)
    with pytest.raises(Unavailable):
        await rules.get()

    assert (await rules.get()).version == 3
