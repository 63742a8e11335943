"""The reader's site for tests in a browser: a running platform with an English and an Arabic article."""

from collections.abc import Mapping
from dataclasses import dataclass

from playwright.async_api import Browser, Page

from shared.site.site import load_site
from shared.times import now
from tests.support.polling import eventually
from tests.support.running import Platform

BODY = "\n\n".join(f"Paragraph {number} of a story that is long enough to be read. " * 4 for number in range(1, 15))
GATEWAYS = (1, 2)


@dataclass
class Site:
    """A running platform with two articles, and a browser."""

    platform: Platform
    browser: Browser
    article: Mapping[str, object]
    arabic: Mapping[str, object]

    @property
    def paths(self) -> dict[str, str]:
        """A path for each kind of page."""
        article, arabic = str(self.article["url"]), str(self.arabic["url"])
        today = now().astimezone(load_site(None).zone).date()
        return {
            "home": "/", "article": article, "arabic": arabic, "section": "/world", "tag": "/tag/light",
            "history": f"{article}/history", "corrections": "/corrections",
            "contact": "/contact", "popular": "/popular?window=7d", "archive": f"/popular/{today}",
            "search": "/search?q=lamp", "missing": "/nowhere/at-all",
        }  # fmt: skip

    def address(self, path: object) -> str:
        """The URL of a path, at the edge."""
        return f"{self.platform.edge}{path}"

    async def publish(
        self, headline: str, body: str = BODY, *, section: str = "world", **fields: object
    ) -> dict[str, object]:
        """Publish an article and wait until every gateway shows it."""
        article = await self.platform.publish(headline, section=section, body=body, **fields)
        await self.until_shown(article["url"], headline)
        return article

    async def comment(self, article: Mapping[str, object], body: str) -> str:
        """Publish a comment; returns its id. Moderation holds a reader's first comment until it is approved."""
        fields = {"name": "Ada", "email": "ada@site.example.org", "body": body}
        comment = await self.platform.post(f"/v1/articles/{article['id']}/comments", fields, wanted=201)
        if comment["status"] == "pending":
            await self.platform.post(f"/v1/comments/{comment['id']}/approve", {})
        return str(comment["id"])

    async def until_shown(self, path: object, text: str) -> None:
        """Wait until every gateway shows a text on a page."""
        for number in GATEWAYS:
            await self.platform.until_shown(path, text, base=self.platform.url("rendering", number))


async def open_site(platform: Platform, browser: Browser) -> Site:
    """Publish the articles and a comment, and wait until they are shown."""
    article = await platform.publish(
        "The lamp at Cape Sannur",
        body=BODY,
        standfirst="It was lit by hand.",
        bylines=["Ines Halloran"],
        tags=["Light"],
    )
    arabic = await platform.publish("مصباح الرأس", body="أُضيء باليد.", language="ar")
    site = Site(platform, browser, article, arabic)
    await site.comment(article, "The first word.")
    await site.until_shown(article["url"], "The first word.")
    await site.until_shown(arabic["url"], "مصباح")
    return site


_DEFERRED = """() => [...document.querySelectorAll("main *")].filter(
  (one) => one.checkVisibility() && !one.checkVisibility({ contentVisibilityAuto: true })
).length"""


async def has_deferred_layout(page: Page) -> bool:
    """Whether the browser has not yet laid out parts below the first screen (`content-visibility`)."""
    return bool(await page.evaluate(_DEFERRED))


async def until_laid_out(page: Page) -> None:
    """Wait until the whole page is laid out."""

    async def laid_out() -> bool:
        return not await has_deferred_layout(page)

    await eventually(laid_out, what="the whole page is laid out")
