"""What the browser tests share: a headless Chromium, and pages that keep what went wrong in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.polling import PATIENCE_S

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# Notes what moves without the reader's doing, from the first paint on.
_WATCH_SHIFTS = """
window.moves = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const what = entry.sources.map(({ node }) => node && (node.outerHTML || node.parentElement.outerHTML).slice(0, 120));
    window.moves.push(`${entry.value}: ${what.join(" | ")}`);
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
    """A page of a context of its own, which watches layout shifts; errors of its scripts go to `problems`."""
    opened = await browser.new_context(**context)
    await opened.add_init_script(_WATCH_SHIFTS)
    page = await opened.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    try:
        yield page
    finally:
        await opened.close()
