"""What a reader without JavaScript is shown when a form was not taken, as a browser on a phone sees it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page

from tests.support.browsing import open_browser, open_page
from tests.support.comments import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = {"width": 360, "height": 780}
WRONG = {"name": "Zoë & Co", "email": "a@b", "body": "Half an hour\nof <typing>"}
BROWSER = {"Accept": "text/html"}
# Sends a form as a page of the site would, without the browser's own checks.
_SEND = """([action, fields]) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action });
  for (const [name, value] of Object.entries(fields)) {
    const field = form.appendChild(document.createElement("textarea"));
    Object.assign(field, { name, value });
  }
  document.body.append(form);
  form.submit();
}"""
_FACTS = """() => ({
  paper: getComputedStyle(document.body).backgroundColor,
  face: getComputedStyle(document.body).fontFamily,
  widest: document.documentElement.scrollWidth,
  home: document.querySelector("header a[href='/']")?.textContent,
  marks: document.querySelectorAll("label .required").length,
  invalid: document.querySelectorAll("[aria-invalid]").length,
})"""


async def _sent(page: Page, house: House, action: str, fields: Mapping[str, str]) -> None:
    await page.goto(str(house.client.make_url("/health/live")))
    async with page.expect_navigation():
        await page.evaluate(_SEND, [action, fields])


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 250, 246)"), ("dark", "rgb(18, 21, 26)")])
async def test_a_refused_comment_is_shown_in_the_sites_look_with_its_error_beside_the_field(
    house: House, chromium: Path, scheme: Literal["light", "dark"], paper: str
) -> None:
    article = await house.publish_article()
    await house.post(article.id)
    problems: list[str] = []

    async with (
        open_browser(chromium) as browser,
        open_page(browser, problems, viewport=PHONE, color_scheme=scheme) as page,
    ):
        await _sent(page, house, f"/v1/articles/{article.id}/comments", WRONG)
        facts = await page.evaluate(_FACTS)
        email, focused = page.locator("#email"), page.locator(":focus")
        described = page.locator(f"#{await email.get_attribute('aria-describedby')}")

        assert await focused.get_attribute("name") == "email"
        assert await described.text_content() == "It is not an e-mail address."
        assert await page.locator("#body").input_value() == WRONG["body"]

    assert (facts["paper"], facts["home"], facts["marks"], facts["invalid"]) == (paper, "World Monitor", 3, 1)
    assert facts["face"].startswith("Georgia")
    assert facts["widest"] <= PHONE["width"]
    assert [said for said in problems if "Failed to load resource" not in said] == []


async def test_a_refused_comment_is_answered_in_the_articles_language(house: House) -> None:
    article = await house.publish_article(language="ar")
    await house.post(article.id)

    response = await house.client.post(f"/v1/articles/{article.id}/comments", data=WRONG, headers=BROWSER)
    page = await response.text()

    assert '<html lang="ar" dir="rtl">' in page
    assert "لم يُرسل تعليقك" in page
    assert "هذا ليس عنوان بريد إلكتروني." in page
    assert page.count('lang="en"') == 0


async def test_a_reply_to_a_comment_that_went_away_can_be_sent_by_itself(house: House) -> None:
    article = await house.publish_article()
    await house.post(article.id)
    reply = WRONG | {"email": "zoe@example.org", "parent_id": "gone"}

    response = await house.client.post(f"/v1/articles/{article.id}/comments", data=reply, headers=BROWSER)
    page = await response.text()

    assert response.status == 422
    assert "There is no such comment under this article." in page
    assert '<input type="hidden" name="parent_id" value="">' in page


async def test_a_reply_written_on_an_older_page_of_comments_leads_back_to_that_page(house: House) -> None:
    article = await house.publish_article()
    parent = await house.post(article.id)
    path = f"/v1/articles/{article.id}/comments?comments=3"
    reply = WRONG | {"email": "zoe@example.org", "parent_id": parent["id"]}

    refused = await house.client.post(path, data=WRONG, headers=BROWSER)
    taken = await house.client.post(path, data=reply, headers=BROWSER, allow_redirects=False)
    place, _, anchor = taken.headers["Location"].partition("#")

    assert f'action="{path}"' in await refused.text()
    assert (taken.status, place) == (303, f"{article.url}?comments=3")
    assert await house.store.comments.find(anchor.removeprefix("comment-")) is not None


async def test_a_page_of_comments_is_a_number(house: House) -> None:
    article = await house.publish_article()
    await house.post(article.id)

    response = await house.client.post(f"/v1/articles/{article.id}/comments?comments=1%0Aa", data=WRONG)

    assert response.status == 422
    assert [error["pointer"] for error in (await response.json())["errors"]] == ["?comments"]


async def test_a_refused_letter_is_shown_in_the_sites_look_with_all_that_was_written(
    house: House, chromium: Path
) -> None:
    problems: list[str] = []

    async with open_browser(chromium) as browser, open_page(browser, problems, viewport=PHONE) as page:
        await _sent(page, house, "/v1/messages", WRONG)
        facts = await page.evaluate(_FACTS)

        assert await page.locator("h1").text_content() == "Your message was not sent"
        assert await page.locator("form").get_attribute("action") == "/v1/messages"
        assert {name: await page.locator(f"#{name}").input_value() for name in WRONG} == WRONG
        assert await page.locator(":focus").get_attribute("name") == "email"

    assert (facts["paper"], facts["home"]) == ("rgb(251, 250, 246)", "World Monitor")
    assert facts["widest"] <= PHONE["width"]
