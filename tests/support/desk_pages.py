"""The desk's editor as a page of its own, with its scripts and styles: for tests of scripts, without other services."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from services.desk.articles.act_buttons import BUTTONS, is_there, states_of
from services.desk.articles.copy import facts_of, values_of
from services.desk.assets import PREFIX, DeskAssets
from services.desk.forms import Form
from services.desk.templates import Pages
from services.desk.visit import PAGE_POLICY, Person
from services.desk.words import Languages
from shared.http.requests import parse_form
from shared.site.site import load_site
from tests.support.browsing import DESKTOP, open_page

ARTICLE: Mapping[str, object] = {
    "id": "01jdesk0000000000000000000",
    "version": 3,
    "status": "draft",
    "slug": "ferry-fares",
    "url": None,
    "headline": "Ferry fares to rise",
    "section": "world",
    "standfirst": "From March.",
    "body_markdown": "",
    "bylines": ["Layla Haddad"],
    "tags": ["Ferries"],
    "language": "en",
    "lead_image": None,
    "updated_at": "2026-11-29T10:00:00Z",
    "published_at": None,
    "corrected_at": None,
}
# The editor's other scripts save and ask other services, which these pages do without.
WRITING_SCRIPTS = frozenset({"text", "runs", "paste", "marks", "toolbar", "suggestions", "checks", "writing"})
_SCRIPT = re.compile(r'<script src="[^"]*/([a-z_]+)\.[0-9a-f]+\.js" defer></script>')
EDITOR = Person("01jperson00000000000000000", "Layla Haddad", "layla@newsroom.example", "editor")


@dataclass(frozen=True)
class EditorPages:
    """A server of editor pages. `sent` holds the fields of each form that was sent."""

    base: str
    sent: list[Mapping[str, str]]

    def address(self, *, language: str = "en", **fields: str) -> str:
        """The URL of an editor in an interface's language, with these fields of the article."""
        query = "&".join(f"{name}={value}" for name, value in {"interface": language, **fields}.items())
        return f"{self.base}/desk/articles/{ARTICLE['id']}?{query}"


@asynccontextmanager
async def editor_pages(texts: Mapping[str, str] | None = None) -> AsyncIterator[EditorPages]:
    """Serve editor pages. `?text=NAME` shows the text of that name as the article's body."""
    site = load_site(None)
    assets = DeskAssets(site)
    pages, languages = Pages(site, assets), Languages("en", site.zone)
    sent: list[Mapping[str, str]] = []

    async def show(request: web.Request) -> web.Response:
        if request.method == "POST":
            sent.append(parse_form(await request.read()))
        fields = {name: value for name, value in request.query.items() if name not in ("interface", "text")}
        found = {**ARTICLE, **fields, "body_markdown": (texts or {}).get(request.query.get("text", ""), "")}
        article = facts_of(found)
        view = {"person": EDITOR, "path": request.path, "problem": None, "form": Form(values_of(found)), "article": article,
                "buttons": BUTTONS, "states": states_of(article), "is_there": is_there,
                "story": [], "outcome": "", "lead": None, "most_bytes": 40 * 1024 * 1024}  # fmt: skip
        html = pages.render("articles/editor.html", languages.choose(request.query.get("interface")), view)
        html = _SCRIPT.sub(lambda script: script[0] if script[1] in WRITING_SCRIPTS else "", html)
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})

    app = web.Application()
    app.add_routes([web.get(PREFIX + "{name}", assets.serve), web.route("*", "/desk/articles/{id}", show)])
    async with TestServer(app) as server:
        yield EditorPages(str(server.make_url("")).rstrip("/"), sent)


@asynccontextmanager
async def open_editor(
    browser: Browser, pages: EditorPages, fields: Mapping[str, str] | None = None, **context: Any
) -> AsyncIterator[Page]:
    """A page with an editor; its text is empty unless `fields` names one. An error of a script fails the test."""
    problems: list[str] = []
    given = {"viewport": DESKTOP, "permissions": ["clipboard-read", "clipboard-write"], **context}
    async with open_page(browser, problems, **given) as page:
        await page.goto(pages.address(**(fields or {})))
        yield page
    assert problems == []


async def write(page: Page, text: str) -> None:
    """Type into the body, behind what is there."""
    await page.get_by_label("Body").focus()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(text)


async def select(page: Page, words: str) -> None:
    """Select words of the body."""
    await page.get_by_label("Body").evaluate(
        "(field, words) => { field.focus(); const at = field.value.indexOf(words);"
        " field.setSelectionRange(at, at + words.length); }",
        words,
    )
