"""The page on which a writer without JavaScript changes a comment."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, ClientSession, CookieJar

from shared.events import ArticleState
from tests.support.comments import CommentsService, written

pytestmark = pytest.mark.asyncio(loop_scope="module")
HTML = {"Accept": "text/html"}


@pytest_asyncio.fixture(loop_scope="module")
async def browser() -> AsyncIterator[ClientSession]:
    """A browser of its own, with its cookies."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers=HTML) as browser:
        yield browser


async def _send(
    comments: CommentsService, browser: ClientSession, path: str, fields: dict[str, str], **headers: str
) -> ClientResponse:
    url = comments.client.make_url(path)
    async with browser.post(url, data=fields, headers=headers, allow_redirects=False) as answer:
        await answer.read()
        return answer


async def _page(comments: CommentsService, browser: ClientSession, path: str) -> tuple[int, str]:
    async with browser.get(comments.client.make_url(path)) as answer:
        assert answer.content_type == "text/html"
        return answer.status, await answer.text()


async def _post(comments: CommentsService, browser: ClientSession, article: ArticleState) -> str:
    sent = written(without_script="1")
    return (await _send(comments, browser, f"/v1/articles/{article.id}/comments", sent)).headers["Location"]


def _path(page: str) -> str:
    """The address of the page's form."""
    found = re.search(r'action="(/v1/comments/\w+/edit)"', page)
    assert found, page
    return found[1]


async def test_held_comment_is_shown_changed_and_deleted_without_javascript(
    comments: CommentsService, browser: ClientSession
) -> None:
    await comments.set_mode("pre")
    article = await comments.publish_article()

    thanks = await _post(comments, browser, article)
    _, page = await _page(comments, browser, "/v1/comments/last/edit")
    path = _path(page)
    status, page = await _page(comments, browser, f"{path}?received=1")
    wrong = await _send(comments, browser, path, {"body": " \u200b"})
    held = await _send(comments, browser, path, {"body": "Another <text>."})
    await comments.set_mode("post")
    published = await _send(comments, browser, path, {"body": "A third text."})
    comment_id = path.split("/")[3]
    stored = await comments.store.comments.find(comment_id)
    deleted = await _send(comments, browser, path, {"delete": "1"})

    assert thanks == f"{article.url}?received=1#received"
    assert (status, "Thank you." in page, "<textarea" in page) == (200, True, True)
    assert "waits" in page or "moderator" in page
    assert (wrong.status, "There is nothing to read in it." in await wrong.text()) == (422, True)
    assert (held.status, held.headers["Location"]) == (303, path)
    assert (published.status, published.headers["Location"]) == (303, f"{article.url}?comment={comment_id}")
    assert stored is not None
    assert (stored.body, stored.status) == ("A third text.", "published")
    assert (deleted.status, deleted.headers["Location"]) == (303, f"{article.url}#comments")
    assert (await _page(comments, browser, path))[1].count("<form") == 0


async def test_only_the_writers_browser_has_the_page(comments: CommentsService, browser: ClientSession) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article(language="ar")
    thanks = await _post(comments, browser, article)
    _, page = await _page(comments, browser, "/v1/comments/last/edit")
    path = _path(page)

    async with ClientSession(headers=HTML) as stranger:
        shown = await _page(comments, stranger, path)
        sent = await _send(comments, stranger, path, {"delete": "1"})
        unknown = await _page(comments, stranger, "/v1/comments/last/edit")
    forged = await _send(comments, browser, path, {"delete": "1"}, Origin="https://evil.example")

    assert thanks == f"{article.url}?received=1#received"
    assert 'dir="rtl"' in page
    assert "only in the browser that sent it" in shown[1]
    assert [shown[0], sent.status, unknown[0], forged.status] == [403, 403, 404, 403]
    stored = await comments.store.comments.find(path.split("/")[3])
    assert stored is not None
    assert stored.status == "published"


async def test_rejected_comment_is_told_on_its_own_page(comments: CommentsService, browser: ClientSession) -> None:
    await comments.set_mode("post")
    article = await comments.publish_article()
    sent = written(without_script="1", contact_me="x")

    answer = await _send(comments, browser, f"/v1/articles/{article.id}/comments", sent)
    place = answer.headers["Location"]
    status, page = await _page(comments, browser, place)

    assert re.fullmatch(r"/v1/comments/[0-9a-z]{26}/edit\?received=1", place)
    assert (status, "not published" in page) == (200, True), page


async def test_script_of_an_arabic_page_gets_arabic_errors(comments: CommentsService) -> None:
    article = await comments.publish_article()
    url, headers = f"/v1/articles/{article.id}/comments", {"Accept-Language": "ar"}

    answer = await comments.client.post(url, json=written(email="x", name=None), headers=headers)
    problem = await answer.json()

    assert answer.status == 422
    assert {error["pointer"] for error in problem["errors"]} == {"/email", "/name"}
    assert all(re.search("[\u0600-\u06ff]", error["detail"]) for error in problem["errors"])
