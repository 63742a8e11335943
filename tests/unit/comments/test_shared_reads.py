"""Requests share reads, and none gets what was read before it came."""

import asyncio

import pytest

from services.comments.reading.shared_reads import SharedReads


class Source:
    """A number that grows. A read takes the number when it begins, and ends when `go_on` is set."""

    def __init__(self) -> None:
        self.number = 0
        self.reads = 0
        self.go_on = asyncio.Event()
        self.fails = False

    async def read(self, _: str) -> int:
        self.reads += 1
        number = self.number
        await self.go_on.wait()
        if self.fails:
            raise LookupError
        return number

    async def until_reading(self, reads: int) -> None:
        while self.reads < reads:
            await asyncio.sleep(0)


async def test_callers_share_a_read_that_began_after_they_came() -> None:
    source = Source()
    shared = SharedReads(source.read)
    first = [asyncio.create_task(shared.get("a")) for _ in range(50)]
    await source.until_reading(1)
    source.number = 1
    later = [asyncio.create_task(shared.get("a")) for _ in range(50)]
    await asyncio.sleep(0)
    source.number = 2
    later[0].cancel()

    source.go_on.set()

    assert set(await asyncio.gather(*first)) == {0}
    assert set(await asyncio.gather(*later[1:])) == {2}
    assert source.reads == 2
    source.number = 3
    assert await shared.get("a") == 3


async def test_failure_reaches_all_and_ends_nothing() -> None:
    source = Source()
    source.fails = True
    source.go_on.set()
    shared = SharedReads(source.read)

    failed = await asyncio.gather(*(shared.get("a") for _ in range(3)), return_exceptions=True)
    source.fails = False

    assert [type(error) for error in failed] == [LookupError] * 3
    assert await shared.get("a") == 0


async def test_keys_do_not_wait_for_each_other() -> None:
    source = Source()
    shared = SharedReads(source.read)
    held = asyncio.create_task(shared.get("a"))
    await source.until_reading(1)
    other = asyncio.create_task(shared.get("b"))

    await source.until_reading(2)

    source.go_on.set()
    assert [await held, await other] == [0, 0]


@pytest.mark.parametrize("callers", [1, 5])
async def test_read_goes_on_when_its_callers_give_up(callers: int) -> None:
    source = Source()
    shared = SharedReads(source.read)
    gone = [asyncio.create_task(shared.get("a")) for _ in range(callers)]
    await source.until_reading(1)
    for task in gone:
        task.cancel()
    stays = asyncio.create_task(shared.get("a"))
    source.go_on.set()

    assert await stays == 0
