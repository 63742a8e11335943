"""Pages made before they are asked for: those that readers were reading, new addresses, never more than the bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.page_builder import Found, PageBuilder
from services.rendering.gateway.render_ahead import AT_ONCE, HOT_FOR_S, MOST_WAITING, RenderAhead
from services.rendering.gateway.single_flight import Rendered, RenderLimits, SingleFlight
from services.rendering.pages.addresses import Address
from services.rendering.pages.page import Absence
from shared.errors import Unavailable


class Making:
    """Makes absences, and notes of which addresses and how many at once."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.under_way = self.most_at_once = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fails_at = ""

    async def make(self, address: Address) -> Rendered[Found]:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        await self.go_on.wait()
        self.under_way -= 1
        self.made.append(address.key)
        if address.key == self.fails_at:
            raise Unavailable("the read model does not answer")
        return Rendered(Absence(404), {f"path:{address.key}": 1})


def ahead_of(cache: PageCache[Found], making: Making, clock: Callable[[], float] = lambda: 100.0) -> RenderAhead:
    def keep(key: str, made: Rendered[Found]) -> None:
        cache.store(key, made.page, made.versions, epoch=made.epoch, size_bytes=1, expires_at=1e12)

    press: SingleFlight[Found] = SingleFlight(cache, keep, RenderLimits(renders=8, waiting=100, wait_s=5))
    ahead = RenderAhead(press, cast(PageBuilder, making), lambda: True, clock)
    cache.on_drop = ahead.note_dropped
    return ahead


def a_cache() -> PageCache[Found]:
    return PageCache(most_bytes=100_000, most_absence_bytes=10_000)


@asynccontextmanager
async def running(ahead: RenderAhead) -> AsyncIterator[None]:
    task = asyncio.create_task(ahead.run())
    try:
        yield
        for _ in range(2000):
            await asyncio.sleep(0)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_page_that_was_just_read_is_made_anew_when_it_moves_and_one_that_nobody_reads_is_not() -> None:
    cache, making = a_cache(), Making()
    ahead = ahead_of(cache, making)
    for key, asked_at in (("/world/hot", 100.0), ("/world/cold", 100.0 - HOT_FOR_S - 1)):
        cache.store(key, Absence(404), {"list:site:front": 1}, epoch=0, size_bytes=1, expires_at=1e12)
        cache.find(key, asked_at)

    async with running(ahead):
        cache.raise_floor("list:site:front", 2)

    assert making.made == ["/world/hot"]


async def test_a_new_address_is_made_once_however_often_it_is_announced() -> None:
    cache, making = a_cache(), Making()
    ahead = ahead_of(cache, making)

    async with running(ahead):
        for _ in range(5):
            ahead.note_known("/world/new")

    assert making.made == ["/world/new"]
    assert cache.find("/world/new", 0.0) == Absence(404)


async def test_a_flood_of_new_addresses_is_bounded_in_number_and_at_once() -> None:
    cache, making = a_cache(), Making()
    ahead = ahead_of(cache, making)
    making.go_on.clear()

    async with running(ahead):
        for number in range(10 * MOST_WAITING):
            ahead.note_known(f"/world/article-{number}")
        for _ in range(50):
            await asyncio.sleep(0)
        making.go_on.set()

    assert len(making.made) == MOST_WAITING
    assert making.most_at_once == AT_ONCE


async def test_a_page_that_cannot_be_made_now_keeps_no_other_from_being_made() -> None:
    cache, making = a_cache(), Making()
    ahead = ahead_of(cache, making)
    making.fails_at = "/world/a"

    async with running(ahead):
        for key in ("/world/a", "/world/b", "/world/c"):
            ahead.note_known(key)

    assert sorted(making.made) == ["/world/a", "/world/b", "/world/c"]


async def test_what_is_no_address_of_a_page_is_left_alone() -> None:
    cache, making = a_cache(), Making()
    ahead = ahead_of(cache, making)

    async with running(ahead):
        for key in ("error 404 en", "//", "/World/"):
            ahead.note_known(key)

    assert making.made == []
