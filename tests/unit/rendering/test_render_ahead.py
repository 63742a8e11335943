"""Rendering before a request: recently read pages, new addresses, within the bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.page_builder import PageBuilder, PageOrAbsence
from services.rendering.gateway.render_ahead import AT_ONCE, HOT_FOR_S, MOST_QUEUED, RenderAhead
from services.rendering.gateway.single_flight import Rendered, RenderLimits, SingleFlight
from services.rendering.pages.addresses import Address
from services.rendering.pages.page import Absence
from shared.errors import Unavailable


class RecordingBuilder:
    """Builds absences, and records the addresses and the concurrency."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.running_now = self.most_at_once = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fails_at = ""

    async def build(self, address: Address) -> Rendered[PageOrAbsence]:
        self.running_now += 1
        self.most_at_once = max(self.most_at_once, self.running_now)
        await self.go_on.wait()
        self.running_now -= 1
        self.built.append(address.key)
        if address.key == self.fails_at:
            raise Unavailable("the read model does not answer")
        return Rendered(Absence(404), {f"path:{address.key}": 1})


def render_ahead(
    cache: PageCache[PageOrAbsence], builder: RecordingBuilder, clock: Callable[[], float] = lambda: 100.0
) -> RenderAhead:
    def store(key: str, rendered: Rendered[PageOrAbsence]) -> None:
        cache.store(key, rendered.page, rendered.versions, epoch=rendered.epoch, size_bytes=1, expires_at=1e12)

    single_flight: SingleFlight[PageOrAbsence] = SingleFlight(
        cache, store, RenderLimits(renders=8, waiting=100, wait_s=5)
    )
    ahead = RenderAhead(single_flight, cast(PageBuilder, builder), lambda: True, clock)
    cache.on_drop = ahead.on_drop
    return ahead


def a_cache() -> PageCache[PageOrAbsence]:
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


async def test_dropped_page_is_rendered_again_only_if_recently_requested() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)
    for key, requested_at in (("/world/hot", 100.0), ("/world/cold", 100.0 - HOT_FOR_S - 1)):
        cache.store(key, Absence(404), {"list:site:front": 1}, epoch=0, size_bytes=1, expires_at=1e12)
        cache.find(key, requested_at)

    async with running(ahead):
        cache.raise_floor("list:site:front", 2)

    assert builder.built == ["/world/hot"]


async def test_address_enqueued_repeatedly_is_rendered_once() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)

    async with running(ahead):
        for _ in range(5):
            ahead.enqueue("/world/new")

    assert builder.built == ["/world/new"]
    assert cache.find("/world/new", 0.0) == Absence(404)


async def test_flood_of_addresses_is_bounded_in_number_and_concurrency() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)
    builder.go_on.clear()

    async with running(ahead):
        for number in range(10 * MOST_QUEUED):
            ahead.enqueue(f"/world/article-{number}")
        for _ in range(50):
            await asyncio.sleep(0)
        builder.go_on.set()

    assert len(builder.built) == MOST_QUEUED
    assert builder.most_at_once == AT_ONCE


async def test_page_that_fails_does_not_stop_the_others() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)
    builder.fails_at = "/world/a"

    async with running(ahead):
        for key in ("/world/a", "/world/b", "/world/c"):
            ahead.enqueue(key)

    assert sorted(builder.built) == ["/world/a", "/world/b", "/world/c"]


async def test_new_story_is_rendered_before_the_pages_that_it_changed() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)

    async with running(ahead):
        ahead.enqueue("/")
        ahead.enqueue_first("/world/new")

    assert builder.built == ["/world/new", "/"]


async def test_failed_story_holds_up_no_other_page() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)
    builder.fails_at = "/world/new"

    async with running(ahead):
        ahead.enqueue_first("/world/new")
        ahead.enqueue("/")

    assert builder.built == ["/world/new", "/"]


async def test_key_that_is_no_address_is_ignored() -> None:
    cache, builder = a_cache(), RecordingBuilder()
    ahead = render_ahead(cache, builder)

    async with running(ahead):
        for key in ("error 404 en", "//", "/World/"):
            ahead.enqueue(key)

    assert builder.built == []
