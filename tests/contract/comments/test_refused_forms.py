"""Error pages of forms for readers without JavaScript, in a browser of a phone's size."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page

from tests.support.browsing import open_browser, open_page
from tests.support.comments import CommentsService

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


async def _submit(page: Page, comments: CommentsService, action: str, fields: Mapping[str, str]) -> None:
    await page.goto(str(comments.client.make_url("/health/live")))
    async with page.expect_navigation():
        await page.evaluate(_SEND, [action, fields])


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 250, 246)"), ("dark", "rgb(18, 21, 26)")])
async def test_error_page_of_a_comment_has_the_sites_look_and_focuses_the_error(
    comments: CommentsService, chromium: Path, scheme: Literal["light", "dark"], paper: str
) -> None:
    article = await comments.publish_article()
    await comments.post(article.id)
    problems: list[str] = []

    async with (
        open_browser(chromium) as browser,
        open_page(browser, problems, viewport=PHONE, color_scheme=scheme) as page,
    ):
        await _submit(page, comments, f"/v1/articles/{article.id}/comments", WRONG)
        facts = await page.evaluate(_FACTS)
        email, focused = page.locator("#email"), page.locator(":focus")
        described = page.locator(f"#{await email.get_attribute('aria-describedby')}")

        assert await focused.get_attribute("name") == "email"
        assert await described.text_content() == "It is not an e-mail address."
        assert await page.locator("#body").input_value() == WRONG["body"]

    assert (facts["paper"], facts["home"], facts["marks"], facts["invalid"]) == (paper, "World Monitor", 3, 1)
    assert facts["face"].startswith("Georgia")
    assert facts["widest"] <= PHONE["width"]
    assert [message for message in problems if "Failed to load resource" not in message] == []


async def test_error_page_is_in_the_language_of_the_article(comments: CommentsService) -> None:
    article = await comments.publish_article(language="ar")
    await comments.post(article.id)

    response = await comments.client.post(f"/v1/articles/{article.id}/comments", data=WRONG, headers=BROWSER)
    page = await response.text()

    assert '<html lang="ar" dir="rtl">' in page
    assert "لم يُرسل تعليقك" in page
    assert "هذا ليس عنوان بريد إلكتروني." in page
    assert page.count('lang="en"') == 0


async def test_reply_to_a_missing_comment_can_be_sent_as_a_top_comment(comments: CommentsService) -> None:
    article = await comments.publish_article()
    await comments.post(article.id)
    reply = WRONG | {"email": "zoe@example.org", "parent_id": "gone"}

    response = await comments.client.post(f"/v1/articles/{article.id}/comments", data=reply, headers=BROWSER)
    page = await response.text()

    assert response.status == 422
    assert "There is no such comment under this article." in page
    assert '<input type="hidden" name="parent_id" value="">' in page


async def test_form_on_an_older_page_of_comments_redirects_to_that_page(comments: CommentsService) -> None:
    article = await comments.publish_article()
    parent = await comments.post(article.id)
    path = f"/v1/articles/{article.id}/comments?comments=3"
    reply = WRONG | {"email": "zoe@example.org", "parent_id": parent["id"]}

    refused = await comments.client.post(path, data=WRONG, headers=BROWSER)
    taken = await comments.client.post(path, data=reply, headers=BROWSER, allow_redirects=False)
    place, _, anchor = taken.headers["Location"].partition("#")

    assert f'action="{path}"' in await refused.text()
    assert (taken.status, place) == (303, f"{article.url}?comments=3")
    assert await comments.store.comments.find(anchor.removeprefix("comment-")) is not None


async def test_way_back_stays_on_the_site(comments: CommentsService) -> None:
    article = await comments.publish_article()
    path, origin = f"/v1/articles/{article.id}/comments", str(comments.client.make_url("")).rstrip("/")
    referers = {
        f"{origin}{article.url}?comments=3": f"{article.url}?comments=3", "https://evil.example/world/a": "/",
        f"{origin}.evil.example/": "/", f"{origin}//evil.example/": "/evil.example/", "javascript:alert(1)": "/", "http://[": "/",
    }  # fmt: skip

    for referer, back in referers.items():
        page = await (await comments.client.post(path, data=WRONG, headers={**BROWSER, "Referer": referer})).text()
        assert f'href="{back}"' in page, referer
        assert "evil.example/world" not in page


async def test_malformed_number_of_a_comments_page_is_422(comments: CommentsService) -> None:
    article = await comments.publish_article()
    await comments.post(article.id)

    response = await comments.client.post(f"/v1/articles/{article.id}/comments?comments=1%0Aa", data=WRONG)

    assert response.status == 422
    assert [error["pointer"] for error in (await response.json())["errors"]] == ["?comments"]


async def test_error_page_of_a_letter_has_the_sites_look_and_the_text(
    comments: CommentsService, chromium: Path
) -> None:
    problems: list[str] = []

    async with open_browser(chromium) as browser, open_page(browser, problems, viewport=PHONE) as page:
        await _submit(page, comments, "/v1/messages", WRONG)
        facts = await page.evaluate(_FACTS)

        assert await page.locator("h1").text_content() == "Your message was not sent"
        assert await page.locator("form").get_attribute("action") == "/v1/messages"
        assert {name: await page.locator(f"#{name}").input_value() for name in WRONG} == WRONG
        assert await page.locator(":focus").get_attribute("name") == "email"

    assert (facts["paper"], facts["home"]) == ("rgb(251, 250, 246)", "World Monitor")
    assert facts["widest"] <= PHONE["width"]
