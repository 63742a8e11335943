"""axe in a page of a browser."""

from collections.abc import Mapping, Sequence

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

# Only colours differ between light and dark pages.
CONTRAST: Mapping[str, object] = {"runOnly": ["color-contrast"]}
_AXE = Axe()


async def violations(page: Page, options: Mapping[str, object] | None = None) -> Sequence[str]:
    """What axe finds in the page, one line for each element: the rule and the element."""
    # A document keeps axe: to load it again takes a quarter of a run.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.axe_script)
    found = await page.evaluate(
        "options => axe.run(document, options)", {"resultTypes": ["violations"], **(options or {})}
    )
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]
