"""The plain form of an article page: redirects and error pages."""

from uuid import uuid4

import pytest

from tests.support.comments import CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {**FORM, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_form_redirects_to_the_comment_even_when_pending(comments: CommentsService) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()
    form = {"name": "Zoë", "email": "zoe@example.org", "body": "Ça va.", "website": "", "parent_id": ""}

    response = await comments.client.post(f"/v1/articles/{article.id}/comments", data=form, allow_redirects=False)

    assert response.status == 303
    place, _, anchor = response.headers["Location"].partition("#")
    assert place == article.url
    stored = await comments.store.comments.find(anchor.removeprefix("comment-"))
    assert stored is not None
    assert (stored.name, stored.body, stored.website, stored.parent_id) == ("Zoë", "Ça va.", None, None)
    assert stored.status == "pending"


@pytest.mark.parametrize(("page", "place"), [("", "?received=1"), ("?comments=2", "?comments=2&received=1")])
async def test_form_without_scripts_redirects_to_the_thanks(comments: CommentsService, page: str, place: str) -> None:
    article = await comments.publish_article()
    form = {"name": "Zoë", "email": "zoe@example.org", "body": "Ça va.", "without_script": "1"}
    path = f"/v1/articles/{article.id}/comments"

    response = await comments.client.post(path + page, data=form, allow_redirects=False)
    as_json = await comments.client.post(path, json=form)

    assert (response.status, response.headers["Location"]) == (303, f"{article.url}{place}#received")
    assert as_json.status == 422


async def test_wrong_form_of_a_browser_gets_a_page_with_the_error_and_the_text(
    comments: CommentsService,
) -> None:
    article = await comments.publish_article()
    form = {"name": "Z", "email": "no address", "body": "Half an hour of <typing>", "website": "", "parent_id": ""}

    response = await comments.client.post(f"/v1/articles/{article.id}/comments", data=form, headers=BROWSER)
    page = await response.text()

    assert response.status == 422
    assert response.content_type == "text/html"
    assert '<p class="error" id="email-error">It is not an e-mail address.</p>' in page
    assert "Half an hour of &lt;typing&gt;" in page
    assert 'value="no address"' in page
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("other", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
async def test_form_of_another_site_stores_no_comment_and_leaves_the_cookie(
    comments: CommentsService, other: dict[str, str]
) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    path, form = f"/v1/articles/{article.id}/comments", written()

    page = await comments.client.post(path, data=form, headers={**BROWSER, **other}, allow_redirects=False)
    empty = await comments.discussion(article.id)
    own = await comments.client.post(
        path, data=form, headers={**BROWSER, "Sec-Fetch-Site": "same-origin"}, allow_redirects=False
    )

    assert (page.status, page.content_type, "Set-Cookie" in page.headers) == (403, "text/html", False)
    assert (empty["total"], own.status) == (0, 303)


async def test_wrong_form_of_a_script_gets_problem_details(comments: CommentsService) -> None:
    article = await comments.publish_article()

    response = await comments.client.post(f"/v1/articles/{article.id}/comments", data={"name": "Z"}, headers=FORM)

    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert {error["pointer"] for error in (await response.json())["errors"]} == {"/email", "/body"}


async def test_same_key_repeats_the_redirect_of_a_form(comments: CommentsService) -> None:
    article, headers, form = await comments.publish_article(), {"Idempotency-Key": uuid4().hex}, written()

    async def send() -> tuple[int, str]:
        response = await comments.client.post(
            f"/v1/articles/{article.id}/comments", data=form, headers=headers, allow_redirects=False
        )
        return response.status, response.headers["Location"]

    assert await send() == await send()


async def test_reader_without_scripts_reports_on_a_page(comments: CommentsService) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article(headline="Ferries & tides")
    sent = written(name="<b>Ada</b>")
    comment = await (await comments.client.post(f"/v1/articles/{article.id}/comments", json=sent)).json()
    path = f"/v1/comments/{comment['id']}/report"

    page = await comments.client.get(path, headers=BROWSER)
    html = await page.text()
    done = await comments.client.post(
        path, data={"reason": "abuse", "note": "Rude."}, headers=BROWSER, allow_redirects=False
    )

    assert (page.status, page.content_type) == (200, "text/html")
    assert "&lt;b&gt;Ada&lt;/b&gt;" in html
    assert html.count("<option") == 4
    assert "Ferries &amp; tides" in html
    assert "'none'" in page.headers["Content-Security-Policy"]
    assert done.status == 303
    assert (await comments.client.get(f"/v1/comments/{'0' * 26}/report")).status == 404
