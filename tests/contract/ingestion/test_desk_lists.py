"""The desk's filters, counts, suggestions, calendar and first page."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.ingestion.articles.list_store import ListStore
from services.ingestion.articles.records import Filters
from shared.errors import Unavailable
from shared.process.process import start_task, stop_task
from shared.times import now, rfc3339
from tests.support.ingestion import IngestionClient, Json, pointers
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def headlines(client: IngestionClient, query: str) -> list[str]:
    items = (await client.ask("GET", f"/v1/articles?{query}"))["items"]
    assert isinstance(items, list)
    return [item["headline"] for item in items]


async def items_of(client: IngestionClient, path: str) -> list[Json]:
    items = (await client.ask("GET", path))["items"]
    assert isinstance(items, list)
    return items


async def test_each_filter_lets_through_what_it_names(ingestion: IngestionClient) -> None:
    tag = uuid4().hex[:8]
    reporter = await ingestion.as_role("reporter")
    await reporter.create(headline="Mine", tags=[tag], language="ar", bylines=["Inès Halloran"])
    submitted = await ingestion.create(headline="Submitted", tags=[tag])
    await ingestion.act(submitted, "submit")
    public = await ingestion.act(await ingestion.create(headline="Public", tags=[tag]), "publish")
    changed = await ingestion.act(await ingestion.create(headline="Before", tags=[tag]), "publish")
    await ingestion.edit(changed, headline="Changed", tags=[tag])

    assert await headlines(ingestion, f"tag={tag}") == ["Changed", "Public", "Submitted", "Mine"]
    assert await headlines(ingestion, f"tag={tag}&language=ar") == ["Mine"]
    assert await headlines(ingestion, f"tag={tag}&byline=INÈS+halloran") == ["Mine"]
    assert await headlines(reporter, f"tag={tag}&by=me") == ["Mine"]
    assert await headlines(ingestion, f"tag={tag}&submitted=true") == ["Submitted"]
    assert await headlines(ingestion, f"tag={tag}&changed=true") == ["Changed"]
    await ingestion.act({**submitted, "version": 2}, "schedule", {"publish_at": rfc3339(now() + timedelta(days=9))})
    assert await headlines(ingestion, f"tag={tag}&scheduled=true") == ["Submitted"]
    assert await headlines(ingestion, f"tag={tag}&scheduled=false") == ["Changed", "Public", "Mine"]
    assert await headlines(ingestion, f"tag={tag}&scheduled=false&status=draft") == ["Mine"]
    assert await headlines(ingestion, f"tag={tag}&changed=false&submitted=&by=&language=") == await headlines(
        ingestion, f"tag={tag}"
    )
    assert await headlines(ingestion, f"tag={tag}&status=published&changed=true&q=chang") == ["Changed"]
    by_id = (await items_of(ingestion, f"/v1/articles/{public['id']}/revisions"))[0]["by_id"]
    assert await headlines(ingestion, f"tag={tag}&by={by_id}") == ["Changed", "Public", "Submitted"]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/articles?language=english", "?language"),
        ("/v1/articles?byline=" + "x" * 101, "?byline"),
        ("/v1/articles?by=" + "x" * 65, "?by"),
        ("/v1/articles?changed=1", "?changed"),
        ("/v1/articles?submitted=yes", "?submitted"),
        ("/v1/articles?scheduled=no", "?scheduled"),
        ("/internal/published?limit=0", "?limit"),
        ("/internal/published?x=1", "?x"),
        ("/v1/articles/counts?x=1", "?x"),
        ("/v1/articles/terms", "?kind"),
        ("/v1/articles/terms?kind=sections", "?kind"),
        ("/v1/articles/terms?kind=tags&section=nowhere", "?section"),
        ("/v1/articles/terms?kind=tags&q=%00", "?q"),
        ("/v1/articles/calendar?to=2026-12-01T00:00:00Z", "?from"),
        ("/v1/articles/calendar?from=2026-12-01T00:00:00Z", "?to"),
        ("/v1/articles/calendar?from=2026-12-01&to=2026-12-02T00:00:00Z", "?from"),
        ("/v1/articles/calendar?from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z", "?to"),
        ("/v1/articles/calendar?from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z", "?to"),
    ],
)
async def test_wrong_parameter_is_named(ingestion: IngestionClient, path: str, pointer: str) -> None:
    assert pointers(await ingestion.ask("GET", path, wanted=422)) == [pointer]


async def test_counts_follow_each_change(ingestion: IngestionClient) -> None:
    async def counts() -> dict[str, int]:
        found = await ingestion.ask("GET", "/v1/articles/counts")
        return {name: int(str(number)) for name, number in found.items()}

    before = await counts()
    article = await ingestion.act(await ingestion.create(), "submit")
    publish_at = rfc3339(now() + timedelta(hours=1))
    article = await ingestion.act(article, "schedule", {"publish_at": publish_at})
    waiting = await counts()
    article = await ingestion.act(article, "publish")
    await ingestion.edit(article, headline="Not yet public")
    public = await counts()

    def differences(found: dict[str, int]) -> dict[str, int]:
        return {name: found[name] - before[name] for name in found if found[name] != before[name]}

    assert differences(waiting) == {"all": 1, "draft": 1, "scheduled": 1, "submitted": 1}
    assert differences(public) == {"all": 1, "published": 1, "changed": 1}


async def test_terms_in_use_are_suggested(ingestion: IngestionClient) -> None:
    word = f"Q{uuid4().hex[:6]}"
    await ingestion.create(tags=[f"{word} often", f"{word} rare"], bylines=[f"{word} Halloran"])
    await ingestion.create(tags=[f"{word} often"], section="africa")

    async def terms(query: str) -> object:
        return (await ingestion.ask("GET", f"/v1/articles/terms?{query}"))["items"]

    assert await terms(f"kind=tags&q={word.lower()}") == [f"{word} often", f"{word} rare"]
    assert await terms(f"kind=tags&q={word}&section=africa") == [f"{word} often"]
    assert await terms(f"kind=bylines&q={word}") == [f"{word} Halloran"]
    assert await terms(f"kind=bylines&q={word}x") == []


async def test_calendar_shows_scheduled_embargoed_and_published_articles(ingestion: IngestionClient) -> None:
    day = now() + timedelta(days=200)
    scheduled = await ingestion.act(
        await ingestion.create(headline="Scheduled"), "schedule", {"publish_at": rfc3339(day + timedelta(hours=2))}
    )
    await ingestion.create(headline="Embargoed", embargo_until=rfc3339(day + timedelta(hours=1)))
    published = await ingestion.act(await ingestion.create(headline="Published"), "publish")

    async def within(start: object, end: object) -> list[Json]:
        return await items_of(ingestion, f"/v1/articles/calendar?from={start}&to={end}")

    later = await within(rfc3339(day), rfc3339(day + timedelta(days=1)))
    just_now = await within(published["published_at"], rfc3339(now() + timedelta(seconds=1)))

    assert [item["headline"] for item in later] == ["Embargoed", "Scheduled"]
    assert later[1] == {
        name: scheduled[name]
        for name in ("id", "headline", "section", "status", "scheduled_for", "published_at", "embargo_until")
    }
    assert "Published" in [item["headline"] for item in just_now]


async def test_newsroom_shows_what_is_next_and_what_waits(ingestion: IngestionClient) -> None:
    before = await ingestion.ask("GET", "/internal/newsroom")
    soon = rfc3339(now() + timedelta(hours=1))
    await ingestion.act(await ingestion.create(), "schedule", {"publish_at": soon})
    await ingestion.act(await ingestion.create(), "submit")

    found = await ingestion.ask("GET", "/internal/newsroom")

    assert (found["overdue"], found["overdue_items"]) == (0, [])
    assert found["scheduled_next"] == min(soon, str(before["scheduled_next"] or soon))
    assert found["submitted"] == int(str(before["submitted"])) + 1
    assert isinstance(found["outbox_pending"], int)


async def test_changes_of_another_process_are_listed_at_once(ingestion: IngestionClient) -> None:
    articles = ingestion.store.articles
    other = ListStore(articles._articles, articles.count)
    await other.refresh()
    article = await ingestion.create(headline="From elsewhere")

    (first, *_), _ = await other.page(Filters(), None, 5)
    assert (first.id, first.working.headline) == (article["id"], "From elsewhere")
    await ingestion.act(article, "publish")
    (first, *_), _ = await other.page(Filters((("status", "published"),)), None, 5)
    assert first.id == article["id"]


async def test_lists_are_complete_after_a_restart_and_after_an_update_of_the_software(
    ingestion: IngestionClient,
) -> None:
    articles = ingestion.store.articles
    published = await ingestion.act(await ingestion.create(), "publish")
    changed = await ingestion.edit(published, headline="Not public")
    # As a release before the field wrote it.
    await articles._articles.update_one({"_id": changed["id"]}, {"$unset": {"changed": 1}})

    fresh = ListStore(articles._articles, articles.count)
    await fresh.warm()

    assert len(fresh.table) == len(articles.lists.table)
    found, _ = await fresh.page(Filters((("changed", "true"),)), None, 1)
    assert [article.id for article in found] == [changed["id"]]


async def test_last_published_articles_come_newest_first_without_text(ingestion: IngestionClient) -> None:
    await ingestion.create(headline="A draft")
    await ingestion.act(await ingestion.act(await ingestion.create(), "publish"), "withdraw", {"reason": "Wrong."})
    second, first = await ingestion.create(headline="Second"), await ingestion.create(headline="First")
    first = await ingestion.act(first, "publish")
    second = await ingestion.act(second, "publish")

    items = await items_of(ingestion, "/internal/published?limit=2")

    assert [item["headline"] for item in items] == ["Second", "First"]
    assert items[0] == {name: second[name] for name in items[0]}
    assert {"id", "version", "status", "section", "url", "language", "published_at", "changed"} <= items[0].keys()
    assert "body_html" not in items[0]
    assert len(await items_of(ingestion, "/internal/published")) <= 5


async def test_failed_reading_is_a_success_for_nobody_who_waits_for_it(ingestion: IngestionClient) -> None:
    articles = ingestion.store.articles
    await ingestion.create()
    failures = iter(range(2))

    async def count() -> int:
        await asyncio.sleep(0)  # lets the others come
        if next(failures, None) is not None:
            raise Unavailable("MongoDB is away")
        return await articles.count()

    fresh = ListStore(articles._articles, count)
    results = await asyncio.gather(*(fresh.refresh() for _ in range(4)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results), results

    await fresh.refresh()
    assert len(fresh.table) == len(articles.lists.table)


async def test_change_that_was_committed_long_after_its_date_is_listed(ingestion: IngestionClient) -> None:
    articles = ingestion.store.articles
    article = await ingestion.create(headline="In time")
    other = ListStore(articles._articles, articles.count)
    task = start_task(other.keep_complete(every_s=0.1), "lists of another process")
    await other.refresh()
    late = {"version": 2, "status": "withdrawn", "updated_at": now() - timedelta(days=1)}
    await articles._articles.update_one({"_id": article["id"]}, {"$set": late})

    async def is_listed() -> bool:
        found, _ = await other.page(Filters((("status", "withdrawn"),)), None, 1)
        return [one.id for one in found] == [article["id"]]

    try:
        await eventually(is_listed, what="the late change is listed")
    finally:
        await stop_task(task)
