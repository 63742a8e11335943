"""Mails about replies over HTTP: from the form to the digest and its end, with a real mail server; no address in any log."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from services.comments.model.records import Contact
from services.comments.settings import CommentsSettings
from tests.support.comments import CommentsService, running_comments
from tests.support.mail_server import MailServer, running_mail_server
from tests.support.polling import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

Running = tuple[CommentsService, MailServer]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(comments_settings: CommentsSettings) -> AsyncIterator[Running]:
    """The service with a mail server."""
    async with running_mail_server() as server:
        settings = comments_settings.model_copy(update={"smtp": server.url, "mail_from": "comments@news.example"})
        async with running_comments(settings, f"test_{uuid4().hex[:12]}") as comments:
            await comments.set_mode("post")
            yield comments, server


def link(text: str, kind: str) -> str:
    """The path of a link in a mail."""
    found = re.search(rf"/v1/comments/mail/{kind}\?token=\S+", text)
    assert found is not None
    return found[0]


async def answered(comments: CommentsService, method: str, path: str, **options: object) -> tuple[int, str]:
    """Status and headline of a page."""
    response = await comments.client.request(method, path, **options)  # type: ignore[arg-type]
    headline = re.search("<h1>(.*)</h1>", await response.text())
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    return response.status, headline[1] if headline else ""


async def test_reader_confirms_gets_a_digest_and_ends_it_with_one_click(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    comments, server = running
    article, address = await comments.publish_article(language="en"), f"ada-{uuid4().hex[:8]}@home.example"
    mine = await comments.post(article.id, email=address, notify=True)
    await until(lambda: server.to(address), "the verification mail")
    verify = link(server.to(address)[0].part("plain"), "verify")
    reply = await comments.post(article.id, email="bo@home.example", parent_id=mine["id"], body="An answer to you.")

    looked = [await answered(comments, method, verify) for method in ("GET", "HEAD", "GET")]
    unverified = await comments.store.authors.record((await _contact(comments, mine["id"])).author)
    confirmed = await answered(comments, "POST", verify)
    await until(lambda: len(server.to(address)) == 2, "the digest")
    digest = server.to(address)[1]

    assert looked == [(200, "Confirm your address"), (200, ""), (200, "Confirm your address")]
    assert unverified.verified_at is None
    assert confirmed == (200, "Your address is confirmed")
    assert (await comments.store.authors.record((await _contact(comments, mine["id"])).author)).verified_at is not None
    assert "An answer to you." in digest.part("plain")
    assert f"{article.url}?comment={reply['id']}#comment-{reply['id']}" in digest.part("html")

    # Not an encoded word, which Python makes of long ones and mail programs do not read here.
    assert re.search(rb"\r\nList-Unsubscribe: <http://[!-;=?-~]{61,}>\r\n", digest.content)
    stop = link(str(digest.message["List-Unsubscribe"]).rstrip(">"), "unsubscribe")
    assert await answered(comments, "GET", stop) == (200, "No more mails about replies?")
    one_click = {"data": {"List-Unsubscribe": "One-Click"}}
    assert await answered(comments, "POST", stop, **one_click) == (200, "The mails have ended")
    await comments.post(article.id, email="bo@home.example", parent_id=mine["id"], body="Another answer to you.")
    assert (await comments.store.database["notifications"].count_documents({"mail": ""})) == 0
    printed = "".join(capfd.readouterr())
    assert "mail.ended" in printed
    assert address not in printed
    assert "bo@home.example" not in printed


async def test_page_of_an_unknown_link_is_in_the_readers_language(running: Running) -> None:
    comments, _ = running
    headers = {"Accept-Language": "ar"}

    for path in (
        "/v1/comments/mail/verify",
        "/v1/comments/mail/unsubscribe?token=" + "x" * 43,
        "/v1/comments/mail/verify?token=" + "x" * 5000,
    ):
        for method in ("GET", "POST"):
            assert await answered(comments, method, path, headers=headers) == (404, "لم يعد هذا الرابط يعمل")


async def test_moderators_approval_notifies_and_a_second_one_does_not(running: Running) -> None:
    comments, server = running
    article, address = await comments.publish_article(language="ar"), f"eve-{uuid4().hex[:8]}@home.example"
    mine = await comments.post(article.id, email=address, notify=True)
    await until(lambda: server.to(address), "the verification mail")
    await answered(comments, "POST", link(server.to(address)[0].part("plain"), "verify"))
    await comments.set_mode("pre")
    reply = await comments.post(article.id, email="bo@home.example", parent_id=mine["id"], body="Held for a moment.")
    await comments.set_mode("post")

    assert (await comments.decide(reply["id"], "approve")).status == 200
    await until(lambda: len(server.to(address)) == 2, "the digest")
    assert (await comments.decide(reply["id"], "approve")).status == 200

    assert server.to(address)[1].message["Content-Language"] == "ar"
    assert "Held for a moment." in server.to(address)[1].part("plain")
    rows = await comments.store.database["notifications"].find({"_id": reply["id"]}).to_list(None)
    assert [bool(row["mail"]) for row in rows] == [True]


async def _contact(comments: CommentsService, comment_id: str) -> Contact:
    found = await comments.store.contacts.find(comment_id)
    assert found is not None
    return found
