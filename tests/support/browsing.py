"""A headless Chromium, and pages that record script errors and layout shifts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from tests.support.polling import PATIENCE_S

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
# Records layout shifts without user input, from the first paint on.
_WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const nodes = entry.sources.map(({ node }) => node && (node.outerHTML || node.parentElement.outerHTML).slice(0, 120));
    window.shifts.push(`${entry.value}: ${nodes.join(" | ")}`);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@asynccontextmanager
async def open_browser(chromium: Path) -> AsyncIterator[Browser]:
    """A browser for the length of a block."""
    expect.set_options(timeout=PATIENCE_S * 1000 / 2)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(browser: Browser, problems: list[str], **context: Any) -> AsyncIterator[Page]:
    """A page in its own context. Errors of its scripts are appended to `problems`; see also `layout_shifts`."""
    opened = await browser.new_context(**context)
    await opened.add_init_script(_WATCH_SHIFTS)
    page = await opened.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    try:
        yield page
    finally:
        await opened.close()


async def layout_shifts(page: Page) -> list[str]:
    """Layout shifts of a page so far: the score, a colon, and the nodes that moved."""
    return list(await page.evaluate("window.shifts"))


def total_shift(shifts: Iterable[str]) -> float:
    """Sum of the scores of layout shifts (Cumulative Layout Shift without sessions)."""
    return sum(float(shift.partition(":")[0]) for shift in shifts)


async def forget_shifts(page: Page) -> None:
    """Wait until all typefaces have loaded, and clear the recorded shifts."""
    await page.evaluate("document.fonts.ready.then(() => { window.shifts.length = 0 })")
