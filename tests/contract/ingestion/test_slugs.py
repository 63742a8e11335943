"""Slugs over HTTP: generated, chosen, reserved and free again."""

import asyncio

import pytest

from tests.support.ingestion import DRAFT, IngestionClient, pointers

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_new_slug_applies_at_next_publish_and_old_path_stays_reserved(ingestion: IngestionClient) -> None:
    article = await ingestion.act(await ingestion.create(headline="First path", slug="first-path"), "publish")

    edited = await ingestion.edit(article, slug="second-path", section="africa")
    assert (edited["slug"], edited["url"]) == ("second-path", "/world/first-path")
    published = await ingestion.act(edited, "publish")
    assert (published["url"], published["former_urls"]) == ("/africa/second-path", ["/world/first-path"])
    returned = await ingestion.act(await ingestion.edit(published, slug="first-path", section="world"), "publish")

    events = await ingestion.events(article, 3)
    assert [(event.url, event.former_urls) for event in events] == [
        ("/world/first-path", ()),
        ("/africa/second-path", ("/world/first-path",)),
        ("/world/first-path", ("/africa/second-path",)),
    ]
    for slug in ("first-path", "second-path"):
        problem = await ingestion.ask("POST", "/v1/articles", {**DRAFT, "slug": slug}, wanted=422)
        assert pointers(problem) == ["/slug"]
    assert (await ingestion.create(headline="Second path"))["slug"] == "second-path-2"
    assert returned["slug"] == "first-path"


async def test_unpublished_slug_is_free_again_after_change(ingestion: IngestionClient) -> None:
    article = await ingestion.create(slug="given-up")
    await ingestion.ask("POST", "/v1/articles", {**DRAFT, "slug": "given-up"}, wanted=422)

    await ingestion.edit(article, slug="kept")

    assert (await ingestion.create(slug="given-up"))["slug"] == "given-up"


async def test_generated_slug_follows_headline_until_publication(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="Working title")
    retitled = await ingestion.edit(draft, headline="Better title")
    published = await ingestion.act(retitled, "publish")

    again = await ingestion.edit(published, headline="Best title")

    assert (retitled["slug"], again["slug"]) == ("better-title", "better-title")


async def test_concurrent_articles_with_one_headline_get_distinct_slugs(ingestion: IngestionClient) -> None:
    drafts = await asyncio.gather(*(ingestion.create(headline="Election night") for _ in range(8)))

    assert sorted(str(draft["slug"]) for draft in drafts) == [
        "election-night",
        *(f"election-night-{number}" for number in range(2, 9)),
    ]
    assert len({draft["id"] for draft in drafts}) == 8
