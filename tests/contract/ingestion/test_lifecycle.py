"""An article over HTTP and in the log: the answer and the event of each change."""

import asyncio
from datetime import datetime, timedelta

import pytest

from shared.ids import made_at
from shared.times import now, rfc3339
from tests.support.ingestion import DRAFT, IngestionClient, pointers

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_create_answers_whole_draft_with_location_and_etag(ingestion: IngestionClient) -> None:
    answer = await ingestion.call("POST", "/v1/articles", {**DRAFT, "headline": "A draft"})

    article = await answer.json()
    assert answer.status == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/v1/articles/{article['id']}"
    assert list(article)[:19] == [
        *("id", "version", "status", "slug", "url", "headline", "section", "standfirst", "body_markdown", "body_html"),
        *("bylines", "tags", "language", "lead_image", "created_at", "updated_at", "published_at", "corrected_at"),
        "former_urls",
    ]
    assert (article["version"], article["status"], article["slug"], article["url"]) == (1, "draft", "a-draft", None)
    assert article["body_html"] == "<p>They rise in <em>March</em>.</p>\n"
    assert article["created_at"] == article["updated_at"]
    assert article["created_at"].endswith("Z")
    assert (article["language"], article["lead_image"], article["published_at"]) == ("en", None, None)
    shown = await ingestion.call("GET", answer.headers["Location"])
    assert (await shown.json(), shown.headers["ETag"]) == (article, '"1"')


# Fields of the answer that readers have no use for.
FOR_THE_DESK = {
    "changed",
    "embargo_until",
    "history_public",
    "note_back",
    "picture_faults",
    "public_version",
    "scheduled_for",
    "submitted_at",
    "submitted_by",
    "text_version",
}


async def test_published_article_is_complete_in_the_log(ingestion: IngestionClient) -> None:
    picture = {"url": "/media/edition/ferry.jpg", "alt": "A ferry", "caption": "At dawn", "credit": "W. M."}
    draft = await ingestion.create(
        standfirst="From March on.", bylines=["Ines Halloran"], tags=["Harbours", "fares"], lead_image=picture
    )

    published = await ingestion.act(draft, "publish")

    assert (published["status"], published["version"]) == ("published", 2)
    assert published["url"] == f"/world/{draft['slug']}"
    assert published["published_at"] == published["updated_at"]
    (event,) = await ingestion.events(published, 1)
    assert event.ce_type == "world-monitor.article.published.v1"
    sent = event.model_dump(mode="json")
    assert sent["lead_image"].pop("media") is None
    shown = {name: value for name, value in published.items() if name not in FOR_THE_DESK}
    assert {name: sent[name] for name in shown} == shown
    assert sent["lead_image"] == picture


async def test_whole_lifecycle_is_in_events_and_revisions(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="Whole way")
    published = await ingestion.act(draft, "publish")
    edited = await ingestion.edit(published, headline="Whole way, edited", body_markdown="Unseen.")
    assert (edited["status"], edited["url"], edited["slug"]) == ("published", "/world/whole-way", "whole-way")
    corrected = await ingestion.act(edited, "correct", {"note": "It was another way."})
    assert corrected["corrected_at"] == corrected["updated_at"]
    withdrawn = await ingestion.act(corrected, "withdraw", {"reason": "It never was."})
    assert (withdrawn["status"], withdrawn["url"]) == ("withdrawn", "/world/whole-way")
    back = await ingestion.act(withdrawn, "publish")

    events = await ingestion.events(draft, 4)
    assert [(event.version, event.ce_type.split(".")[2]) for event in events] == [
        (2, "published"),
        (4, "corrected"),
        (5, "withdrawn"),
        (6, "published"),
    ]
    assert [event.headline for event in events] == ["Whole way", "Whole way, edited", "", "Whole way, edited"]
    assert events[2].body_html == events[2].body_markdown == ""
    assert [item.note for item in events[3].corrections] == ["It was another way."]
    assert {rfc3339(event.published_at) for event in events} == {published["published_at"]}
    assert back["published_at"] == published["published_at"]
    revisions = await ingestion.ask("GET", f"/v1/articles/{draft['id']}/revisions")
    items = revisions["items"]
    assert isinstance(items, list)
    assert revisions["next_cursor"] is None
    assert [(item["version"], item["action"], item["by"], item["note"]) for item in items] == [
        (6, "publish", "admin", None),
        (5, "withdraw", "admin", "It never was."),
        (4, "correct", "admin", "It was another way."),
        (3, "edit", "admin", None),
        (2, "publish", "admin", None),
        (1, "create", "admin", None),
    ]
    assert [item["content"]["headline"] for item in items[2:]] == ["Whole way, edited"] * 2 + ["Whole way"] * 2
    assert items[3]["content"]["body_markdown"] == "Unseen."
    assert items[5]["at"] == draft["created_at"]


async def test_ids_sort_by_creation_time(ingestion: IngestionClient) -> None:
    made = await asyncio.gather(*(ingestion.create() for _ in range(8)))

    in_order = sorted(made, key=lambda article: str(article["id"]))
    moments = [datetime.fromisoformat(str(article["created_at"])) for article in in_order]

    assert moments == [made_at(str(article["id"])) for article in in_order]
    assert moments == sorted(moments)


async def test_import_keeps_its_first_publication_date(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="An import")

    published = await ingestion.act(draft, "publish", {"published_at": "2024-05-01T08:00:00+02:00"})

    assert published["published_at"] == "2024-05-01T06:00:00.000Z"
    (event,) = await ingestion.events(draft, 1)
    assert rfc3339(event.published_at) == rfc3339(event.updated_at) == "2024-05-01T06:00:00.000Z"
    problem = await ingestion.act(published, "publish", {"published_at": "2023-05-01T08:00:00Z"}, wanted=422)
    assert pointers(problem) == ["/published_at"]


async def test_future_publication_date_is_refused(ingestion: IngestionClient) -> None:
    draft = await ingestion.create()

    problem = await ingestion.act(draft, "publish", {"published_at": rfc3339(now() + timedelta(minutes=5))}, wanted=422)

    assert pointers(problem) == ["/published_at"]
    assert (await ingestion.ask("GET", f"/v1/articles/{draft['id']}"))["status"] == "draft"


async def test_publish_needs_no_body(ingestion: IngestionClient) -> None:
    draft = await ingestion.create()
    headers = {"Authorization": f"Bearer {ingestion.token}", "If-Match": '"1"'}

    answer = await ingestion.client.post(f"/v1/articles/{draft['id']}/publish", headers=headers)

    assert answer.status == 200


async def test_largest_latin_article_reaches_the_log(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="The largest", body_markdown=("word " * 39_999) + "done.")

    await ingestion.act(draft, "publish")

    (event,) = await ingestion.events(draft, 1)
    assert len(event.body_markdown) == 200_000


async def test_times_are_rfc_3339_in_utc(ingestion: IngestionClient) -> None:
    article = await ingestion.act(await ingestion.create(), "publish")

    for name in ("created_at", "updated_at", "published_at"):
        text = str(article[name])
        assert text.endswith("Z")
        assert abs(datetime.fromisoformat(text) - now()) < timedelta(minutes=1)


async def test_ready_shows_the_outbox(ingestion: IngestionClient) -> None:
    answer = await ingestion.client.get("/health/ready")

    report = await answer.json()
    assert answer.status == 200
    assert set(report) >= {"status", "outbox_pending", "outbox_oldest_s"}
