"""The desk's editor in a real browser: pages of a person, what they say about saving, and saves whose answers wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from tests.support.browsing import DESKTOP
from tests.support.desk_front import Front
from tests.support.ingestion import DRAFT, Json
from tests.support.polling import PATIENCE_S


@asynccontextmanager
async def open_context(
    browser: Browser, front: Front, viewport: ViewportSize = DESKTOP
) -> AsyncIterator[BrowserContext]:
    """A browser of the person."""
    context = await browser.new_context(viewport=viewport, base_url=front.url)
    # Cookies know no ports: the desk's is sent to the front as well.
    await front.desk.enter(context)
    try:
        yield context
    finally:
        await context.close()


async def make_article(front: Front, **fields: object) -> Json:
    """A draft of the person."""
    return await front.desk.ask("POST", "/v1/articles", {**DRAFT, **fields}, wanted=201)


async def stored(front: Front, article: Json) -> Json:
    """The working copy."""
    return await front.desk.ask("GET", f"/v1/articles/{article['id']}")


async def open_article(context: BrowserContext, article: Json) -> Page:
    """The editor, with its scripts."""
    page = await context.new_page()
    await page.goto(f"/desk/articles/{article['id']}")
    await saved(page)
    return page


async def saved(page: Page) -> None:
    """Wait until the text is saved."""
    await expect(page.locator("#save-state")).to_have_text("Saved")


async def unsaved(page: Page) -> None:
    """Wait until the page knows of a change."""
    await expect(page.locator("#save-state")).to_have_text("Not saved")


async def copied(page: Page, text: str) -> None:
    """Wait until the browser has a copy with this text."""
    await page.wait_for_function("text => Object.values(localStorage).some((copy) => copy.includes(text))", arg=text)


@dataclass
class HeldSaves:
    """Saves (PUT) of a page, whose answers wait until `go_on`. `most` is the largest number that waited at a time."""

    waiting: list[Route] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    most: int = 0
    is_open: bool = False

    async def handle(self, route: Route) -> None:
        """Send the save on, or let it wait."""
        if self.is_open or route.request.method != "PUT":
            await route.continue_()
            return
        self.waiting.append(route)
        self.arrived.set()
        self.most = max(self.most, len(self.waiting))

    async def arrive(self) -> None:
        """Wait for a save."""
        async with asyncio.timeout(PATIENCE_S):
            await self.arrived.wait()

    async def go_on(self) -> None:
        """Send the waiting saves on."""
        waiting, self.waiting = self.waiting, []
        self.arrived.clear()
        for route in waiting:
            await route.continue_()

    async def open(self) -> None:
        """Hold no save any more."""
        self.is_open = True
        await self.go_on()


async def hold_saves(page: Page) -> HeldSaves:
    """Hold the page's saves from now on."""
    held = HeldSaves()
    await page.route("**/v1/articles/**", held.handle)
    return held


class CutAnswers:
    """Carries out the saves of a page, and loses their answers."""

    def __init__(self) -> None:
        self._is_cutting = True

    async def handle(self, route: Route) -> None:
        """Send the request on; abort it for the page when it is a save."""
        if not self._is_cutting or route.request.method != "PUT":
            await route.continue_()
            return
        await route.fetch()
        await route.abort()

    async def stop(self) -> None:
        """Lose no more answers."""
        self._is_cutting = False


async def change_elsewhere(front: Front, article: Json, **fields: object) -> Json:
    """A colleague saves another text of the newest version."""
    colleague = await front.as_role("editor") if front.desk.person["role"] == "editor" else front
    version = (await stored(front, article))["version"]
    path = f"/v1/articles/{article['id']}"
    return await colleague.desk.ask("PUT", path, {**DRAFT, **fields}, If_Match=f'"{version}"')


async def revised(front: Front, article: Json) -> set[str]:
    """The bodies of an article's revisions."""
    found = await front.desk.ask("GET", f"/v1/articles/{article['id']}/revisions?limit=100")
    items = found["items"]
    assert isinstance(items, list)
    return {item["content"]["body_markdown"] for item in items}
