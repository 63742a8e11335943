"""A day of a discussion in Chromium: held, told, approved at the desk, live; a mail about a reply, a held edit, erasure."""

import email.policy
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.desk.test_editors_day import sign_in
from tests.support.browsing import DESKTOP, PHONE, open_page
from tests.support.polling import eventually
from tests.support.running import Platform
from tests.support.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

READER = "nadia@day.example.org"
OTHER = "tariq@day.example.org"
LINKS = "See https://a.example/1 and https://b.example/2 and https://c.example/3 and https://d.example/4."


async def test_day_of_a_discussion(site: Site) -> None:
    platform, problems = site.platform, list[str]()
    article = await site.publish("The night boats come back")
    address = site.address(article["url"])
    async with _pages(site, problems) as (page, other, desk):
        # A reader writes, is held, and is told.
        await _open(page, address)
        await _write(page.locator("form[data-new]"), "Nadia", READER, "I missed them every night.", notify=True)
        await expect(page.locator("[data-received]")).to_contain_text("waits for a moderator")
        # A moderator sees why, and approves; the reader's page shows it live.
        await sign_in(desk, platform)
        await _approve(desk, platform, "I missed them", why="First comment")
        mine = page.locator(".threads .comment", has_text="I missed them every night.")
        await expect(mine).to_be_visible()
        # The reader confirms the address.
        await _press(page, await _link(platform, READER, "/mail/verify"), "Confirm the address")
        await expect(page.get_by_role("heading", name="Your address is confirmed")).to_be_visible()

        # A reply notifies.
        await _open(other, address)
        thread = other.locator(".threads > li", has_text="I missed them every night.")
        await thread.locator("details.reply summary").first.click()
        await _write(thread.locator(".reply-form"), "Tariq", OTHER, "So did my whole street.")
        await expect(other.locator("[data-received]")).to_contain_text("waits for a moderator")
        await _open(page, address)
        await _approve(desk, platform, "So did my whole street.")
        await expect(page.get_by_text("So did my whole street.")).to_be_visible()
        await expect(page.locator(".thread-rest summary").first).to_have_text("1 reply")
        digest = await _mail(platform, READER, "/mail/unsubscribe", "So did my whole street.")
        assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        # Unsubscribing works.
        await _press(other, await _link(platform, READER, "/mail/unsubscribe"), "Stop the mails")
        await expect(other.get_by_role("heading", name="The mails have ended")).to_be_visible()

        # The reader edits in links, and is held again.
        await mine.get_by_role("button", name="Edit").click()
        await mine.get_by_role("textbox").fill(LINKS)
        await mine.get_by_role("button", name="Save").click()
        await expect(page.locator("[data-received]")).to_contain_text("waits for a moderator")
        await expect(page.locator("[data-received]")).to_contain_text("links")
        await expect(page.locator(".own .comment")).to_contain_text("a.example")
        await site.platform.until_shown(article["url"], "So did my whole street.")
        assert "a.example" not in (await platform.page(str(article["url"])))[1]

        # An admin erases everything.
        await desk.goto(f"{platform.edge}/desk/comments/people-data")
        await desk.get_by_label("Email", exact=True).fill(READER)
        await desk.get_by_role("button", name="Erase…").click()
        await desk.get_by_role("button", name="Erase for ever").click()
        await expect(desk.get_by_role("heading", name="Erased")).to_be_visible()
        await expect(desk.locator("td.bad")).to_have_count(0)
        await eventually(lambda: _is_gone(platform, str(article["url"]), "Nadia"), what="the page without her name")
    assert problems == []


@asynccontextmanager
async def _pages(site: Site, problems: list[str]) -> AsyncIterator[Sequence[Page]]:
    """Three browsers: the reader's phone, another reader's, the moderator's desk."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(open_page(site.browser, problems, viewport=viewport))
            for viewport in (PHONE, DESKTOP, DESKTOP)
        ]


async def _open(page: Page, address: str) -> None:
    await page.goto(address)
    await page.locator(".comments").scroll_into_view_if_needed()
    await expect(page.locator(".own")).to_be_attached()


async def _write(form: Locator, name: str, address: str, text: str, *, notify: bool = False) -> None:
    for field, value in (("body", text), ("name", name), ("email", address)):
        await form.locator(f"[name={field}]").fill(value)
    if notify:
        await form.get_by_label("E-mail me when somebody replies").check()
    await form.locator("button:not([type=button])").click()


async def _approve(desk: Page, platform: Platform, text: str, why: str = "") -> None:
    """Approve a waiting comment at the desk, and see its reason."""
    await desk.goto(f"{platform.edge}/desk/comments")
    row = desk.locator(".comment", has_text=text)
    await expect(row).to_contain_text(why or text)
    await row.get_by_role("button", name="Approve", exact=True).click()
    await expect(desk.get_by_text("1 comment approved.")).to_be_visible()


async def _press(page: Page, link: str, button: str) -> None:
    """Open a link of a mail and press its page's button."""
    await page.goto(link)
    await page.get_by_role("button", name=button).click()


def _mails(platform: Platform, to: str) -> list[EmailMessage]:
    files = sorted((platform.data / "mail").glob("*.eml"))
    parser = BytesParser(_class=EmailMessage, policy=email.policy.default)
    mails = [parser.parsebytes(file.read_bytes()) for file in files]
    return [mail for mail in mails if to in str(mail["To"])]


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content())


async def _mail(platform: Platform, to: str, *texts: str) -> EmailMessage:
    """The newest mail to an address that has these texts."""
    found: list[EmailMessage] = []

    async def came() -> bool:
        found[:] = [mail for mail in _mails(platform, to) if all(text in _text(mail) for text in texts)]
        return bool(found)

    await eventually(came, what=f"a mail to {to} with {texts}")
    return found[-1]


async def _link(platform: Platform, to: str, path: str) -> str:
    """The newest link of a kind that was sent to an address."""
    mail = await _mail(platform, to, path)
    found = re.search(rf"\S+{re.escape(path)}\?token=\S+", _text(mail))
    assert found is not None
    return found[0]


async def _is_gone(platform: Platform, path: str, text: str) -> bool:
    return text not in (await platform.page(path))[1]
