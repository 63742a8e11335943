"""Scheduled publication: set, cleared, carried out once; embargoes; submission and return."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from services.ingestion.articles.scheduler import scheduling
from services.ingestion.people.audit import AuditFilters
from services.ingestion.settings import IngestionSettings
from shared.mongo.collections import Session
from shared.times import now, rfc3339
from tests.support.ingestion import IngestionClient, Json, pointers
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


def ahead(**parts: float) -> str:
    return rfc3339(now() + timedelta(**parts))


async def schedule(ingestion: IngestionClient, article: Json, publish_at: str, wanted: int = 200) -> Json:
    return await ingestion.act(article, "schedule", {"publish_at": publish_at}, wanted=wanted)


async def current(ingestion: IngestionClient, article: Json) -> Json:
    return await ingestion.ask("GET", f"/v1/articles/{article['id']}")


async def until_published(ingestion: IngestionClient, article: Json) -> Json:
    async def is_published() -> Json | None:
        found = await current(ingestion, article)
        return found if found["scheduled_for"] is None else None

    found = await eventually(is_published, what="the scheduled article is published")
    assert found is not None
    assert found["status"] == "published"
    return found


async def revisions(ingestion: IngestionClient, article: Json) -> list[Mapping[str, object]]:
    found = (await ingestion.ask("GET", f"/v1/articles/{article['id']}/revisions?limit=100"))["items"]
    assert isinstance(found, list)
    return found


async def test_due_article_is_published_once_as_it_is_then_for_the_one_who_scheduled(
    ingestion: IngestionClient,
) -> None:
    editor = await ingestion.as_role("editor")
    article = await ingestion.create(headline="Before the edit")
    publish_at = ahead(seconds=3)

    async with scheduling(ingestion.store.articles), scheduling(ingestion.store.articles):
        article = await schedule(editor, article, publish_at)
        assert article["scheduled_for"] == publish_at
        article = await ingestion.edit(article, headline="After the edit")
        assert article["scheduled_for"] == publish_at
        published = await until_published(ingestion, article)

    (event,) = await ingestion.events(article, 1)
    assert (event.headline, published["headline"]) == ("After the edit", "After the edit")
    assert datetime.fromisoformat(str(published["published_at"])) >= datetime.fromisoformat(publish_at)
    made = [(one["action"], one["by"]) for one in await revisions(ingestion, article)]
    assert made[:2] == [("publish", "the editor"), ("edit", "admin")]
    assert [action for action, _ in made].count("publish") == 1


async def test_overdue_article_is_published_when_a_process_comes_back(ingestion: IngestionClient) -> None:
    articles = [await ingestion.create() for _ in range(12)]
    for article in articles:
        await schedule(ingestion, article, ahead(seconds=0.3))

    for article in articles:
        assert (await until_published(ingestion, article))["version"] == 3


async def test_article_that_may_not_be_published_stays_overdue_and_blocks_no_other(
    ingestion: IngestionClient,
) -> None:
    blocked = await schedule(ingestion, await ingestion.create(), ahead(seconds=0.5))
    blocked = await ingestion.edit(blocked, embargo_until=ahead(hours=1))
    other = await schedule(ingestion, await ingestion.create(), ahead(seconds=0.6))

    await until_published(ingestion, other)

    async def reason() -> str | None:
        (entry,) = await ingestion.store.articles.schedule.overdue(now())
        return entry.reason

    assert "under embargo until" in str(await eventually(reason, what="the refusal is noted"))
    assert (await current(ingestion, blocked))["scheduled_for"] == blocked["scheduled_for"]

    async def counted() -> bool:
        text = await (await ingestion.client.get("/metrics")).text()
        return "wm_ingestion_scheduled_overdue 1.0" in text

    await eventually(counted, what="the metric counts the overdue article")
    lifted = await ingestion.edit(blocked, embargo_until=None)
    await until_published(ingestion, lifted)


async def test_schedule_can_be_moved_and_cancelled(ingestion: IngestionClient) -> None:
    article = await schedule(ingestion, await ingestion.create(), ahead(hours=1))
    later = ahead(hours=2)

    article = await schedule(ingestion, article, later)
    assert article["scheduled_for"] == later
    article = await ingestion.act(article, "unschedule")
    assert article["scheduled_for"] is None
    await ingestion.act(article, "unschedule", wanted=409)
    assert [one["action"] for one in await revisions(ingestion, article)] == [
        "unschedule",
        "schedule",
        "schedule",
        "create",
    ]


async def test_publication_and_withdrawal_by_hand_clear_the_schedule(ingestion: IngestionClient) -> None:
    article = await schedule(ingestion, await ingestion.create(), ahead(hours=1))

    article = await ingestion.act(article, "publish")
    assert article["scheduled_for"] is None
    article = await schedule(ingestion, article, ahead(hours=1))
    article = await ingestion.act(article, "withdraw", {"reason": "r"})
    assert article["scheduled_for"] is None
    assert await ingestion.store.articles.schedule.planned(now() + timedelta(hours=2)) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/publish_at"),
        ({"publish_at": None}, "/publish_at"),
        ({"publish_at": ""}, "/publish_at"),
        ({"publish_at": "tomorrow"}, "/publish_at"),
        ({"publish_at": "2030-01-01"}, "/publish_at"),
        ({"publish_at": "2020-01-01T00:00:00Z"}, "/publish_at"),
        ({"publish_at": "2999-01-01T00:00:00Z"}, "/publish_at"),
        ({"publish_at": "2027-06-01T00:00:00Z", "at": 1}, "/at"),
    ],
)
async def test_wrong_schedule_is_named_and_changes_nothing(
    ingestion: IngestionClient, body: Json, pointer: str
) -> None:
    article = await ingestion.create()

    problem = await ingestion.act(article, "schedule", body, wanted=422)

    assert pointers(problem) == [pointer]
    assert await current(ingestion, article) == article


async def test_embargo_forbids_earlier_publication(ingestion: IngestionClient) -> None:
    article = await ingestion.create(embargo_until=ahead(hours=2))

    problem = await schedule(ingestion, article, ahead(hours=1), wanted=422)
    assert pointers(problem) == ["/publish_at"]
    await ingestion.act(article, "publish", wanted=409)
    article = await schedule(ingestion, article, str(article["embargo_until"]))

    assert article["scheduled_for"] == article["embargo_until"]


async def test_embargo_stays_unless_named_and_only_an_admin_ends_it_earlier(ingestion: IngestionClient) -> None:
    editor = await ingestion.as_role("editor")
    end, later = ahead(hours=2), ahead(hours=3)
    article = await editor.create(embargo_until=end)

    article = await editor.edit(article, headline="Embargoed")
    assert article["embargo_until"] == end
    await editor.edit(article, embargo_until=None, wanted=403)
    await editor.edit(article, embargo_until=ahead(hours=1), wanted=403)
    article = await editor.edit(article, embargo_until=later)
    assert article["embargo_until"] == later
    article = await ingestion.edit(article, embargo_until=None)
    assert article["embargo_until"] is None
    assert (await editor.act(article, "publish"))["status"] == "published"


@pytest.mark.parametrize("action", ["schedule", "unschedule", "submit", "return"])
async def test_preconditions_hold_for_every_new_change(ingestion: IngestionClient, action: str) -> None:
    article = await ingestion.create()
    path = f"/v1/articles/{article['id']}/{action}"
    body = {"schedule": {"publish_at": ahead(hours=1)}, "return": {"note": "n"}}.get(action, {})

    assert (await ingestion.call("POST", path, body)).status == 428
    assert (await ingestion.call("POST", path, body, match=9)).status == 412
    assert (await ingestion.call("POST", f"/v1/articles/{'0' * 26}/{action}", body, match=1)).status == 404
    assert (await ingestion.call("POST", f"{path}?x=1", body, match=1)).status == 422
    assert (await ingestion.call("POST", path, [], match=1)).status == 422
    assert (await ingestion.call("POST", path, None, match=1, Content_Type="text/plain")).status in (409, 415, 200)


async def test_schedule_is_idempotent_by_key(ingestion: IngestionClient) -> None:
    article = await ingestion.create()
    path, body = f"/v1/articles/{article['id']}/schedule", {"publish_at": ahead(hours=1)}

    answers = await asyncio.gather(
        *(ingestion.ask("POST", path, body, match=1, Idempotency_Key=f"key-{article['id']}") for _ in range(4))
    )

    assert all(answer == answers[0] for answer in answers)
    assert (await current(ingestion, article))["version"] == 2


async def test_reporter_submits_and_editor_returns_or_publishes(ingestion: IngestionClient) -> None:
    reporter, editor = await ingestion.as_role("reporter"), await ingestion.as_role("editor")
    article = await reporter.act(await reporter.create(), "submit")

    assert (article["submitted_by"], article["submitted_at"]) == ("the reporter", article["updated_at"])
    await reporter.act(article, "submit", wanted=409)
    article = await editor.act(article, "return", {"note": "Who says so?"})
    assert (article["submitted_at"], article["note_back"]) == (None, "Who says so?")
    await editor.act(article, "return", {"note": "again"}, wanted=409)
    assert pointers(await editor.act(article, "return", {"note": " "}, wanted=422)) == ["/note"]
    article = await reporter.act(article, "submit")
    article = await editor.act(article, "publish")
    assert (article["submitted_at"], article["submitted_by"], article["note_back"]) == (None, None, None)
    assert [(one["action"], one["note"]) for one in await revisions(ingestion, article)][1:4] == [
        ("submit", None),
        ("return", "Who says so?"),
        ("submit", None),
    ]


async def test_scheduled_articles_are_listed_next_first_in_pages(ingestion: IngestionClient) -> None:
    tag = f"t{now().timestamp():.0f}"
    hours = [5, 3, 4, 3, 6]
    made = [
        await schedule(ingestion, await ingestion.create(headline=f"In {h} h", tags=[tag]), ahead(hours=h))
        for h in hours
    ]
    wanted = [str(one["id"]) for one in sorted(made, key=lambda one: (str(one["scheduled_for"]), str(one["id"])))]

    found: list[str] = []
    cursor: object = ""
    while cursor is not None:
        page = await ingestion.ask("GET", f"/v1/articles?scheduled=true&tag={tag}&limit=2&cursor={cursor}")
        assert isinstance(page["items"], list)
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert found == wanted
    assert pointers(await ingestion.ask("GET", "/v1/articles?scheduled=yes", wanted=422)) == ["?scheduled"]
    assert pointers(await ingestion.ask("GET", "/v1/articles?scheduled=true&cursor=WyJ4Il0", wanted=400)) == ["?cursor"]


async def test_articles_due_together_are_published_together_and_a_locked_one_holds_up_no_other(
    ingestion: IngestionClient, ingestion_settings: IngestionSettings
) -> None:
    drafts = [await ingestion.create(headline=f"Due {number}") for number in range(3)]
    due_at = ahead(seconds=4)
    articles = [await schedule(ingestion, draft, due_at) for draft in drafts]
    locked, *others = articles

    async def lock(session: Session) -> None:
        """As the open transaction of a killed process."""
        entries = ingestion.store.mongo.database(ingestion_settings.ingestion_database)["schedule"]
        await entries.update_one({"_id": locked["id"]}, {"$set": {"reason": "locked"}}, session=session)
        for article in others:
            await until_published(ingestion, article)

    await ingestion.store.mongo.transaction(lock, within_s=0)
    assert (await until_published(ingestion, locked))["version"] == 3

    made = [await revisions(ingestion, article) for article in articles]
    assert [[one["action"] for one in found] for found in made] == [["publish", "schedule", "create"]] * 3
    assert [len(await ingestion.events(article, 1)) for article in articles] == [1] * 3
    acts = await ingestion.store.audit.page(AuditFilters(action="article.publish"), None, 50)
    assert {str(article["id"]) for article in articles} <= {act.object for act in acts[0]}


async def test_turn_is_kept_by_its_process_and_taken_when_it_has_ended(ingestion: IngestionClient) -> None:
    plan, at = ingestion.store.articles.schedule, now().replace(microsecond=0) + timedelta(days=1)
    turn = timedelta(seconds=1)

    assert await plan.take_turn("one", at, at + turn) is None
    assert await plan.take_turn("two", at, at + turn) == at + turn
    assert await plan.take_turn("one", at + turn / 2, at + 2 * turn) is None
    assert await plan.take_turn("two", at + 1.9 * turn, at + 3 * turn) is not None
    assert await plan.take_turn("two", at + 2 * turn, at + 3 * turn) is None
    assert await plan.take_turn("one", at + 2 * turn, at + 3 * turn) is not None
    assert await plan.take_turn("two", now(), now()) is None  # for the service under test
