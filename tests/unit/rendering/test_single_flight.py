"""Concurrent requests share one render; renders are bounded; no answer is older than an earlier one."""

import asyncio
from collections.abc import Iterable

import pytest

from services.rendering.gateway.cache import PageCache
from services.rendering.gateway.known_addresses import KnownAddresses
from services.rendering.gateway.single_flight import Rendered, RenderLimits, SingleFlight
from shared.errors import Unavailable
from tests.support.polling import PATIENCE_S

LIMITS = RenderLimits(renders=2, waiting=100, wait_s=PATIENCE_S)


class Renderer:
    """A single flight with its cache, and a read model that is one version number. `go_on` holds renders back."""

    def __init__(self, limits: RenderLimits = LIMITS, known: Iterable[str] | None = None) -> None:
        self.cache: PageCache[str] = PageCache(most_bytes=100_000, most_absence_bytes=10_000)
        self.single_flight: SingleFlight[str] = SingleFlight(
            self.cache, self.store, limits, lambda key: known is None or key in known
        )
        self.version = 1
        self.renders = 0
        self.running = 0
        self.most_running = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    def store(self, key: str, rendered: Rendered[str]) -> None:
        self.cache.store(key, rendered.page, rendered.versions, epoch=rendered.epoch, size_bytes=1, expires_at=1e12)

    def publish(self) -> None:
        self.version += 1
        self.cache.raise_floor("article:1", self.version)

    async def render(self) -> Rendered[str]:
        self.renders += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        version = self.version
        await asyncio.sleep(0)
        await self.go_on.wait()
        self.running -= 1
        return Rendered(f"version {version}", {"article:1": version})

    async def until_rendering(self, renders: int = 1) -> None:
        while self.renders < renders:
            await asyncio.sleep(0)


async def test_concurrent_requests_share_one_render() -> None:
    renderer = Renderer()

    answers = await asyncio.gather(*(renderer.single_flight.run("/a", renderer.render) for _ in range(500)))

    assert set(answers) == {"version 1"}
    assert renderer.renders == 1


async def test_page_changed_during_its_render_is_rendered_again_for_all() -> None:
    renderer = Renderer()
    renderer.go_on.clear()
    requests = [asyncio.create_task(renderer.single_flight.run("/a", renderer.render)) for _ in range(3)]
    await renderer.until_rendering()
    renderer.publish()
    renderer.go_on.set()

    answers = await asyncio.gather(*requests)

    assert set(answers) == {"version 2"}
    assert renderer.cache.find("/a", now=0) == "version 2"


async def test_page_outdated_between_render_and_answer_is_not_returned() -> None:
    renderer = Renderer()

    async def render_then_publish() -> Rendered[str]:
        rendered = await renderer.render()
        if rendered.versions["article:1"] == 1:
            # After the end of the render, before the turn of its caller.
            asyncio.get_running_loop().call_soon(renderer.publish)
        return rendered

    assert await renderer.single_flight.run("/a", render_then_publish) == "version 2"


async def test_cancelled_first_request_does_not_cancel_the_others() -> None:
    renderer = Renderer()
    renderer.go_on.clear()
    first = asyncio.create_task(renderer.single_flight.run("/a", renderer.render))
    await renderer.until_rendering()
    second = asyncio.create_task(renderer.single_flight.run("/a", renderer.render))
    await asyncio.sleep(0)

    first.cancel()
    renderer.go_on.set()

    assert await second == "version 1"
    assert renderer.renders == 1


async def test_concurrent_renders_are_bounded() -> None:
    renderer = Renderer()

    await asyncio.gather(*(renderer.single_flight.run(f"/{number}", renderer.render) for number in range(20)))

    assert renderer.renders == 20
    assert renderer.most_running == LIMITS.renders


async def test_request_that_waits_too_long_for_a_slot_is_unavailable() -> None:
    renderer = Renderer(RenderLimits(renders=1, waiting=100, wait_s=0.05))
    renderer.go_on.clear()
    stuck = asyncio.create_task(renderer.single_flight.run("/stuck", renderer.render))
    await renderer.until_rendering()

    with pytest.raises(Unavailable, match="no free render slot"):
        await renderer.single_flight.run("/b", renderer.render)

    renderer.go_on.set()
    assert await stuck == "version 1"


async def test_waiting_requests_are_bounded() -> None:
    renderer = Renderer(RenderLimits(renders=1, waiting=3, wait_s=PATIENCE_S))
    renderer.go_on.clear()
    first = asyncio.create_task(renderer.single_flight.run("/0", renderer.render))
    await renderer.until_rendering()
    waiting = [asyncio.create_task(renderer.single_flight.run(f"/{number}", renderer.render)) for number in range(1, 6)]
    await asyncio.sleep(0.01)
    renderer.go_on.set()

    answers = await asyncio.gather(first, *waiting, return_exceptions=True)

    assert sum(isinstance(answer, Unavailable) for answer in answers) == 2
    assert renderer.renders == 4


@pytest.mark.parametrize("guesses", [200, 4_000])
async def test_readers_of_known_pages_are_served_beside_any_number_of_guesses(guesses: int) -> None:
    readers = [f"/known-{number}" for number in range(100)]
    renderer = Renderer(RenderLimits(renders=8, waiting=800, wait_s=PATIENCE_S), known=readers)
    renderer.go_on.clear()
    guessed = [asyncio.create_task(renderer.single_flight.run(f"/{n}", renderer.render)) for n in range(guesses)]
    await renderer.until_rendering(6)

    async def quick() -> Rendered[str]:
        return Rendered("a page", {})

    answers = await asyncio.gather(*(renderer.single_flight.run(key, quick) for key in readers))

    renderer.go_on.set()
    refused = [each for each in await asyncio.gather(*guessed, return_exceptions=True) if isinstance(each, Unavailable)]
    assert set(answers) == {"a page"}
    assert (renderer.most_running, len(refused)) == (6, max(0, guesses - 206))


def test_known_addresses_are_those_with_a_page_and_bounded() -> None:
    known = KnownAddresses(["/"], most=3)

    for number in range(1000):
        known.note(f"/{number}", has_page=True)
    known.note("/999", has_page=False)
    known.note("/", has_page=False)

    assert [
        key for key in ("/", "/996", "/997", "/998", "/999", "error 404 ar", "oembed /x 1 1") if known.is_known(key)
    ] == [
        "/",
        "/997",
        "/998",
        "error 404 ar",
    ]
    assert len(known) == 2


async def test_failure_reaches_all_requests_and_is_not_cached() -> None:
    renderer = Renderer()

    async def fail() -> Rendered[str]:
        await asyncio.sleep(0)
        raise Unavailable("the read model does not answer")

    answers = await asyncio.gather(*(renderer.single_flight.run("/a", fail) for _ in range(3)), return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert await renderer.single_flight.run("/a", renderer.render) == "version 1"


async def test_page_that_changes_with_every_render_is_unavailable() -> None:
    renderer = Renderer()

    async def render_and_publish() -> Rendered[str]:
        rendered = await renderer.render()
        renderer.publish()
        return rendered

    with pytest.raises(Unavailable, match="changes faster"):
        await renderer.single_flight.run("/a", render_and_publish)


async def test_render_begun_before_a_cache_clear_is_repeated() -> None:
    renderer = Renderer()
    renderer.go_on.clear()
    request = asyncio.create_task(renderer.single_flight.run("/a", renderer.render))
    await renderer.until_rendering()
    renderer.cache.clear()
    renderer.go_on.set()

    assert await request == "version 1"
    assert renderer.renders == 2
