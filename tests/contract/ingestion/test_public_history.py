"""The public history in the events: public versions alone, kept over republications, switched off where it is unwanted."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.ingestion.settings import IngestionSettings
from shared.events import ArticleState
from shared.site.site import SHIPPED
from tests.support.ingestion import IngestionClient, running_ingestion

pytestmark = pytest.mark.asyncio(loop_scope="module")


def kinds(event: ArticleState) -> list[tuple[int, str]]:
    """Version and kind of each public version."""
    return [(version.version, version.kind) for version in event.history]


async def test_events_carry_the_public_versions_with_their_differences(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="Ferry fares rise"), "publish")
    path = f"/v1/articles/{public['id']}?autosave=true"
    secret = {"headline": "Minister is a spy", "section": "world", "body_markdown": "An unproven claim."}
    saved = await ingestion.ask("PUT", path, secret, match=2)
    edited = await ingestion.edit(saved, headline="Ferry fares fall")
    corrected = await ingestion.act(edited, "correct", {"note": "They fall."})
    withdrawn = await ingestion.act(corrected, "withdraw", {"reason": "They stay."})
    await ingestion.act(withdrawn, "publish")

    events = await ingestion.events(public, 4)

    assert [kinds(event) for event in events] == [
        [(2, "published")],
        [(2, "published"), (5, "corrected")],
        [],
        [(2, "published"), (5, "corrected"), (7, "republished")],
    ]
    correction = events[1].history[1]
    assert correction.note == "They fall."
    (difference,) = [found for found in correction.differences if found.field == "headline"]
    assert [(piece.kind, piece.text) for piece in difference.paragraphs[0]] == [
        ("same", "Ferry fares "), ("removed", "rise"), ("added", "fall"),
    ]  # fmt: skip
    assert not [event for event in events if "spy" in event.model_dump_json() or "unproven" in event.model_dump_json()]


async def test_republication_of_all_articles_carries_the_histories(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="To send again"), "publish")
    updated = await ingestion.act(await ingestion.edit(public, headline="Sent again"), "publish")

    again = await ingestion.store.articles.latest_events([str(updated["id"])])
    all_ = [event async for chunk in ingestion.store.articles.events_after(None) for event in chunk]

    assert [kinds(event) for event in again] == [[(2, "published"), (4, "updated")]]
    assert again[0].history[1].differences
    assert again[0] in all_


async def test_article_without_a_stored_history_shows_what_is_known(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="From an earlier release"), "publish")
    await ingestion.store.articles.histories.collection.delete_one({"_id": public["id"]})

    (event,) = await ingestion.store.articles.latest_events([str(public["id"])])
    updated = await ingestion.act(await ingestion.edit(public, headline="From this release"), "publish")

    assert kinds(event) == [(2, "published")]
    (event,) = await ingestion.store.articles.latest_events([str(updated["id"])])
    assert kinds(event) == [(2, "published"), (4, "updated")]


async def test_article_can_hide_its_history(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="Hidden", history_public=False)
    public = await ingestion.act(draft, "publish")
    edited = await ingestion.edit(public, headline="Hidden, changed")
    updated = await ingestion.act(edited, "publish")

    assert (draft["history_public"], edited["history_public"]) == (False, False)
    (event,) = await ingestion.store.articles.latest_events([str(updated["id"])])
    assert event.history == ()


async def test_site_can_switch_histories_off(ingestion_settings: IngestionSettings, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    switch = "public_history = true"
    assert switch in SHIPPED.read_text("utf-8")
    site.write_text(SHIPPED.read_text("utf-8").replace(switch, "public_history = false"), "utf-8")
    settings = ingestion_settings.model_copy(update={"site": site, "ingestion_database": f"test_{uuid4().hex[:12]}"})

    async with running_ingestion(settings, tmp_path) as running:
        public = await running.act(await running.create(), "publish")
        updated = await running.act(await running.edit(public, headline="Changed"), "publish")
        events = await running.events(updated, 2)

    assert [event.history for event in events] == [(), ()]
