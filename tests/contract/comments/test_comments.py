"""Readers' comments over HTTP, as API.md has them, on real engines."""

import asyncio
import json
from uuid import uuid4

import pytest

from shared.events import ArticleState, ArticleWithdrawn, tombstone
from shared.ids import new_id
from tests.support.comments import House, an_article, written
from tests.support.polling import PATIENCE_S, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {**FORM, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SHAPE = {
    "id", "article_id", "parent_id", "name", "website", "body", "body_html", "status", "created_at", "version"
}  # fmt: skip


async def test_a_comment_is_answered_in_the_exact_shape_and_told_on_the_topic(house: House) -> None:
    await house.set_mode("first-comment")
    article = await house.publish_article()

    response = await house.client.post(
        f"/v1/articles/{article.id}/comments", json=written(email="first@example.org", body="One.\n\nTwo <b>.")
    )
    comment = await response.json()

    assert response.status == 201
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"{article.url}#comment-{comment['id']}"
    assert set(comment) == SHAPE
    assert (comment["article_id"], comment["parent_id"], comment["website"]) == (article.id, None, None)
    assert (comment["status"], comment["version"]) == ("pending", 1)
    assert comment["body"] == "One.\n\nTwo <b>."
    assert comment["body_html"] == "<p>One.</p><p>Two &lt;b&gt;.</p>"
    assert comment["created_at"].endswith("Z")
    record = await house.next_event(comment["id"])
    assert record.header("ce_type") == "world-monitor.comment.held.v1"
    assert json.loads(record.value or b"")["root_id"] == comment["id"]


async def test_no_event_and_no_answer_carries_the_address(house: House) -> None:
    await house.set_mode("post")
    article, address = await house.publish_article(), f"{uuid4().hex}@example.org"

    comment = await house.post(article.id, email=address)
    await house.decide(comment["id"], "remove")
    records = await house.log.until(comment["id"], 2)

    told = b"".join((record.value or b"") + repr(record.headers).encode() for record in records)
    read = json.dumps([comment, await house.listed(article.id)])
    assert address.encode() not in told
    assert address not in read


async def test_a_form_leads_back_to_the_article_even_when_the_comment_waits(house: House) -> None:
    await house.set_mode("pre")
    article = await house.publish_article()
    form = {"name": "Zoë", "email": "zoe@example.org", "body": "Ça va.", "website": "", "parent_id": ""}

    response = await house.client.post(f"/v1/articles/{article.id}/comments", data=form, allow_redirects=False)

    assert response.status == 303
    place, _, anchor = response.headers["Location"].partition("#")
    assert place == article.url
    stored = await house.store.comments.find(anchor.removeprefix("comment-"))
    assert stored is not None
    assert (stored.name, stored.body, stored.website, stored.parent_id) == ("Zoë", "Ça va.", None, None)
    assert stored.status == "pending"


@pytest.mark.parametrize(("page", "place"), [("", "?received=1"), ("?comments=2", "?comments=2&received=1")])
async def test_the_form_of_a_browser_without_scripts_leads_to_where_a_page_thanks(
    house: House, page: str, place: str
) -> None:
    article = await house.publish_article()
    form = {"name": "Zoë", "email": "zoe@example.org", "body": "Ça va.", "without_script": "1"}
    path = f"/v1/articles/{article.id}/comments"

    response = await house.client.post(path + page, data=form, allow_redirects=False)
    as_json = await house.client.post(path, json=form)

    assert (response.status, response.headers["Location"]) == (303, f"{article.url}{place}#received")
    assert as_json.status == 422


async def test_a_browsers_wrong_form_is_answered_with_a_page_that_names_the_field_and_keeps_what_was_typed(
    house: House,
) -> None:
    article = await house.publish_article()
    form = {"name": "Z", "email": "no address", "body": "Half an hour of <typing>", "website": "", "parent_id": ""}

    response = await house.client.post(f"/v1/articles/{article.id}/comments", data=form, headers=BROWSER)
    page = await response.text()

    assert response.status == 422
    assert response.content_type == "text/html"
    assert '<p class="fault" id="email-fault">It is not an e-mail address.</p>' in page
    assert "Half an hour of &lt;typing&gt;" in page
    assert 'value="no address"' in page
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]


async def test_a_scripts_wrong_form_is_answered_with_problem_details(house: House) -> None:
    article = await house.publish_article()

    response = await house.client.post(f"/v1/articles/{article.id}/comments", data={"name": "Z"}, headers=FORM)

    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert {error["pointer"] for error in (await response.json())["errors"]} == {"/email", "/body"}


async def test_an_unknown_article_is_404_a_withdrawn_one_410_a_closed_one_403(house: House) -> None:
    withdrawn, closed = new_id(), await house.publish_article(comments_open=False)
    await house.tell(
        an_article(id=withdrawn), an_article(ArticleWithdrawn, id=withdrawn, version=2, status="withdrawn")
    )
    await house.post((await house.publish_article()).id)

    async def answered(article_id: str) -> tuple[int, str]:
        response = await house.client.post(f"/v1/articles/{article_id}/comments", json=written())
        return response.status, response.content_type

    async def is_gone() -> bool:
        return (await answered(withdrawn))[0] == 410

    await eventually(is_gone, what="the service knows that the article is withdrawn")
    assert await answered(new_id()) == (404, "application/problem+json")
    assert await answered("no~such~form") == (404, "application/problem+json")
    assert await answered(closed.id) == (403, "application/problem+json")
    assert (await house.client.get(f"/v1/articles/{new_id()}/comments")).status == 404
    assert (await house.client.get(f"/v1/articles/{withdrawn}/comments")).status == 410


async def test_an_article_whose_event_is_under_way_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.comments.posting._PATIENCE_S", PATIENCE_S)
    article = an_article()

    posting = asyncio.create_task(house.post(article.id))
    await asyncio.sleep(0.4)
    await house.tell(article)

    assert (await posting)["article_id"] == article.id


async def test_an_older_state_of_an_article_does_not_bring_it_back(house: House) -> None:
    article_id, marker = new_id(), await house.publish_article()
    withdrawn = an_article(ArticleWithdrawn, id=article_id, version=3, status="withdrawn")

    await house.tell(withdrawn, an_article(id=article_id, version=2), an_article(id=article_id, version=3))
    await house.tell(an_article(id=marker.id, version=2, headline="Later"))
    await eventually(lambda: house.store.articles.find(article_id), what="the article is known")
    await house.post((await house.publish_article()).id)

    kept = await house.store.articles.find(article_id)
    assert kept is not None
    assert (kept.status, kept.version) == ("withdrawn", 3)


async def test_an_erased_article_is_forgotten(house: House) -> None:
    article = await house.publish_article()
    await house.post(article.id)

    await house.producer.send(tombstone(ArticleState.topic, article.id))

    async def forgotten() -> bool:
        return await house.store.articles.find(article.id) is None

    await eventually(forgotten, what="the article is forgotten")
    assert (await house.client.get(f"/v1/articles/{article.id}/comments")).status == 404


async def test_replies_nest_keep_their_parents_and_are_counted(house: House) -> None:
    await house.set_mode("post")
    article = await house.publish_article()

    top = await house.post(article.id, body="top")
    other = await house.post(article.id, body="other")
    reply = await house.post(article.id, body="reply", parent_id=top["id"])
    deeper = await house.post(article.id, body="deeper", parent_id=reply["id"])
    discussion = await house.listed(article.id)

    assert discussion["total"] == 4
    assert discussion["next_cursor"] is None
    assert [item["id"] for item in discussion["items"]] == [top["id"], other["id"]]
    first = discussion["items"][0]
    assert set(first) == SHAPE | {"replies"}
    assert first["replies"][0]["id"] == reply["id"]
    assert first["replies"][0]["parent_id"] == top["id"]
    assert first["replies"][0]["replies"][0]["id"] == deeper["id"]
    record = await house.next_event(deeper["id"])
    assert json.loads(record.value or b"")["root_id"] == top["id"]


async def test_top_comments_come_in_pages_in_either_order(house: House) -> None:
    await house.set_mode("post")
    article = await house.publish_article()
    ids = [(await house.post(article.id, body=str(number)))["id"] for number in range(5)]

    async def walk(sort: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = await house.listed(article.id, f"?sort={sort}&limit=2{cursor}")
            assert page["total"] == 5
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert await walk("oldest") == ids
    assert await walk("newest") == ids[::-1]


async def test_what_waits_is_not_listed(house: House) -> None:
    await house.set_mode("pre")
    article = await house.publish_article()

    await house.post(article.id)

    assert await house.listed(article.id) == {"items": [], "next_cursor": None, "total": 0}


async def test_a_parent_that_is_unknown_or_of_another_article_is_refused(house: House) -> None:
    await house.set_mode("post")
    article, another = await house.publish_article(), await house.publish_article()
    elsewhere = await house.post(another.id)

    for parent in (new_id(), elsewhere["id"]):
        response = await house.client.post(f"/v1/articles/{article.id}/comments", json=written(parent_id=parent))
        assert response.status == 422
        assert [error["pointer"] for error in (await response.json())["errors"]] == ["/parent_id"]
    assert (await house.listed(article.id))["total"] == 0


async def test_the_first_comment_of_an_address_waits_and_after_an_approval_none_does(house: House) -> None:
    await house.set_mode("first-comment")
    article, address = await house.publish_article(), f"{uuid4().hex}@Example.org"

    first = await house.post(article.id, email=address)
    second = await house.post(article.id, email=address)
    await house.decide(first["id"], "approve")
    third = await house.post(article.id, email=address.upper())
    stranger = await house.post(article.id, email=f"{uuid4().hex}@example.org")
    await house.decide(first["id"], "remove")
    await house.decide(third["id"], "remove")
    fourth = await house.post(article.id, email=address)

    assert [item["status"] for item in (first, second, third, stranger, fourth)] == [
        "pending", "pending", "published", "pending", "pending",
    ]  # fmt: skip


async def test_the_same_key_and_body_write_once_also_when_they_come_at_once(house: House) -> None:
    await house.set_mode("post")
    article, headers = await house.publish_article(), {"Idempotency-Key": uuid4().hex}
    await house.listed(article.id)

    async def send() -> tuple[int, bytes, str]:
        response = await house.client.post(f"/v1/articles/{article.id}/comments", json=written(), headers=headers)
        return response.status, await response.read(), response.headers["Location"]

    answers = await asyncio.gather(*(send() for _ in range(6)))
    answers.append(await send())

    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert (await house.listed(article.id))["total"] == 1
    other = await house.client.post(
        f"/v1/articles/{article.id}/comments", json=written(body="Another."), headers=headers
    )
    assert other.status == 422


async def test_the_same_key_repeats_a_forms_redirect(house: House) -> None:
    article, headers = await house.publish_article(), {"Idempotency-Key": uuid4().hex}

    async def send() -> tuple[int, str]:
        response = await house.client.post(
            f"/v1/articles/{article.id}/comments", data=written(), headers=headers, allow_redirects=False
        )
        return response.status, response.headers["Location"]

    assert await send() == await send()


async def test_writers_at_once_are_all_taken(house: House) -> None:
    await house.set_mode("first-comment")
    article, address = await house.publish_article(), f"{uuid4().hex}@example.org"
    await house.listed(article.id)

    comments = await asyncio.gather(*(house.post(article.id, email=address, body=str(n)) for n in range(12)))

    assert len({comment["id"] for comment in comments}) == 12
    for comment in comments:
        await house.log.until(comment["id"])


async def test_a_request_that_is_traced_traces_its_event(house: House) -> None:
    article, trace = await house.publish_article(), uuid4().hex

    response = await house.client.post(
        f"/v1/articles/{article.id}/comments",
        json=written(),
        headers={"traceparent": f"00-{trace}-{uuid4().hex[:16]}-01"},
    )
    record = await house.next_event((await response.json())["id"])

    assert (record.header("traceparent") or "").split("-")[1] == trace
