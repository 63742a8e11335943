"""One render a page at a time, bounded, and never an answer older than one already given."""

import asyncio

import pytest

from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.single_flight import Rendered, RenderLimits, SingleFlight
from shared.errors import Unavailable
from tests.support.polling import PATIENCE_S

LIMITS = RenderLimits(renders=2, waiting=100, wait_s=PATIENCE_S)


class Kitchen:
    """A press, its cache, and a read model of one number that renders take their time to read."""

    def __init__(self, limits: RenderLimits = LIMITS) -> None:
        self.cache: PageCache[str] = PageCache(most_bytes=100_000, most_absence_bytes=10_000)
        self.press: SingleFlight[str] = SingleFlight(self.cache, self.keep, limits)
        self.version = 1
        self.renders = 0
        self.at_once = 0
        self.most_at_once = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    def keep(self, key: str, made: Rendered[str]) -> None:
        self.cache.store(key, made.page, made.versions, epoch=made.epoch, size_bytes=1, expires_at=1e12)

    def publish(self) -> None:
        self.version += 1
        self.cache.raise_floor("article:1", self.version)

    async def render(self) -> Rendered[str]:
        self.renders += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        version = self.version
        await asyncio.sleep(0)
        await self.go_on.wait()
        self.at_once -= 1
        return Rendered(f"version {version}", {"article:1": version})

    async def until_rendering(self, renders: int = 1) -> None:
        while self.renders < renders:
            await asyncio.sleep(0)


async def test_a_herd_is_served_by_one_render() -> None:
    kitchen = Kitchen()

    answers = await asyncio.gather(*(kitchen.press.make("/a", kitchen.render) for _ in range(500)))

    assert set(answers) == {"version 1"}
    assert kitchen.renders == 1


async def test_what_moved_meanwhile_is_rendered_again_for_all_who_wait() -> None:
    kitchen = Kitchen()
    kitchen.go_on.clear()
    asked = [asyncio.create_task(kitchen.press.make("/a", kitchen.render)) for _ in range(3)]
    await kitchen.until_rendering()
    kitchen.publish()
    kitchen.go_on.set()

    answers = await asyncio.gather(*asked)

    assert set(answers) == {"version 2"}
    assert kitchen.cache.find("/a", now=0) == "version 2"


async def test_an_answer_that_grows_old_on_its_way_is_not_given() -> None:
    kitchen = Kitchen()

    async def render_then_move() -> Rendered[str]:
        made = await kitchen.render()
        if made.versions["article:1"] == 1:
            # Between the end of the flight and the turn of who waits for it.
            asyncio.get_running_loop().call_soon(kitchen.publish)
        return made

    assert await kitchen.press.make("/a", render_then_move) == "version 2"


async def test_who_asked_first_may_go_without_taking_the_page_from_others() -> None:
    kitchen = Kitchen()
    kitchen.go_on.clear()
    first = asyncio.create_task(kitchen.press.make("/a", kitchen.render))
    await kitchen.until_rendering()
    second = asyncio.create_task(kitchen.press.make("/a", kitchen.render))
    await asyncio.sleep(0)

    first.cancel()
    kitchen.go_on.set()

    assert await second == "version 1"
    assert kitchen.renders == 1


async def test_only_so_many_pages_are_rendered_at_once() -> None:
    kitchen = Kitchen()

    await asyncio.gather(*(kitchen.press.make(f"/{number}", kitchen.render) for number in range(20)))

    assert kitchen.renders == 20
    assert kitchen.most_at_once == LIMITS.renders


async def test_who_waits_too_long_for_a_turn_is_told_so() -> None:
    kitchen = Kitchen(RenderLimits(renders=1, waiting=100, wait_s=0.05))
    kitchen.go_on.clear()
    stuck = asyncio.create_task(kitchen.press.make("/stuck", kitchen.render))
    await kitchen.until_rendering()

    with pytest.raises(Unavailable, match="no free"):
        await kitchen.press.make("/b", kitchen.render)

    kitchen.go_on.set()
    assert await stuck == "version 1"


async def test_no_more_than_so_many_wait() -> None:
    kitchen = Kitchen(RenderLimits(renders=1, waiting=3, wait_s=PATIENCE_S))
    kitchen.go_on.clear()
    first = asyncio.create_task(kitchen.press.make("/0", kitchen.render))
    await kitchen.until_rendering()
    waiting = [asyncio.create_task(kitchen.press.make(f"/{number}", kitchen.render)) for number in range(1, 6)]
    await asyncio.sleep(0.01)
    kitchen.go_on.set()

    answers = await asyncio.gather(first, *waiting, return_exceptions=True)

    assert sum(isinstance(answer, Unavailable) for answer in answers) == 2
    assert kitchen.renders == 4


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    kitchen = Kitchen()

    async def fail() -> Rendered[str]:
        await asyncio.sleep(0)
        raise Unavailable("the read model is away")

    answers = await asyncio.gather(*(kitchen.press.make("/a", fail) for _ in range(3)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert await kitchen.press.make("/a", kitchen.render) == "version 1"


async def test_what_never_holds_still_is_given_up() -> None:
    kitchen = Kitchen()

    async def render_and_move() -> Rendered[str]:
        made = await kitchen.render()
        kitchen.publish()
        return made

    with pytest.raises(Unavailable, match="moves faster"):
        await kitchen.press.make("/a", render_and_move)


async def test_what_was_begun_before_the_log_was_lost_is_rendered_again() -> None:
    kitchen = Kitchen()
    kitchen.go_on.clear()
    asked = asyncio.create_task(kitchen.press.make("/a", kitchen.render))
    await kitchen.until_rendering()
    kitchen.cache.clear()
    kitchen.go_on.set()

    assert await asked == "version 1"
    assert kitchen.renders == 2
