"""Pictures of the paper's own store in articles: lead, text, uses, and what follows when one is changed."""

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from services.ingestion.articles.picture_changes import follow_up, take_record
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.errors import Unavailable
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.pictures import PictureRecord
from shared.times import now
from tests.support.ingestion import IngestionClient, Json, pointers, running_ingestion
from tests.support.pictures import MediaStandIn, a_record, media_stand_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def media() -> AsyncIterator[MediaStandIn]:
    async with media_stand_in() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingestion(
    ingestion_settings: IngestionSettings, media: MediaStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[IngestionClient]:
    """A running service beside a small media."""
    settings = ingestion_settings.model_copy(update={"media": media.url})
    async with running_ingestion(settings, tmp_path_factory.mktemp("ingestion")) as running:
        yield running


async def announce(ingestion: IngestionClient, record: PictureRecord) -> None:
    await ingestion.ask("POST", "/internal/pictures", record.model_dump(mode="json"))


async def uses(ingestion: IngestionClient, picture_id: str) -> list[Mapping[str, object]]:
    found = (await ingestion.ask("POST", "/internal/pictures/uses", {"ids": [picture_id]}))["uses"]
    assert isinstance(found, dict)
    return list(found[picture_id])


async def current(ingestion: IngestionClient, article: Json) -> Json:
    return await ingestion.ask("GET", f"/v1/articles/{article['id']}")


async def test_lead_picture_of_the_store_takes_address_facts_and_missing_texts_from_it(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    record = media.add()
    lead = {"media_id": record.id, "caption": "Our own caption"}

    article = await ingestion.create(lead_image=lead)
    again = await ingestion.edit(article, lead_image=lead)
    public = await ingestion.act(again, "publish")

    shown = public["lead_image"]
    assert isinstance(shown, dict)
    assert (shown["url"], shown["media_id"]) == (record.facts.original_path, record.id)
    assert (shown["alt"], shown["caption"], shown["credit"]) == ("A ferry", "Our own caption", "Ines Halloran")
    assert shown["inherited"] == ["alt", "credit"]
    (event,) = await ingestion.events(public, 1)
    assert event.lead_image is not None
    assert (event.lead_image.media, event.lead_image.caption) == (record.facts, "Our own caption")
    assert media.asked.count(record.id) == 1
    revision = await ingestion.ask("GET", f"/v1/articles/{public['id']}/revisions/1")
    restored = await ingestion.ask(
        "POST", f"/v1/articles/{public['id']}/revisions/1/restore", {}, match=public["version"]
    )
    assert (revision["content"]["lead_image"], restored["lead_image"]) == (shown, shown)  # type: ignore[index]


@pytest.mark.parametrize(
    ("lead", "pointer"),
    [
        ({"media_id": "ID", "url": "/media/a.jpg", "alt": "A"}, "/lead_image/media_id"),
        ({"media_id": "../x"}, "/lead_image/media_id"),
        ({"media_id": "0" * 26}, "/lead_image/media_id"),
        ({"alt": "A"}, "/lead_image/url"),
    ],
)
async def test_wrong_lead_picture_is_refused_by_name(
    ingestion: IngestionClient, media: MediaStandIn, lead: Json, pointer: str
) -> None:
    sent = {**lead, "media_id": media.add().id} if lead.get("media_id") == "ID" else lead
    body = {"headline": "Ferry", "section": "world", "body_markdown": "It *sails*.", "lead_image": sent}

    problem = await ingestion.ask("POST", "/v1/articles", body, wanted=422)

    assert pointers(problem) == [pointer]


async def test_text_with_an_unknown_picture_is_saved_and_not_published(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    missing = new_id()
    article = await ingestion.create(body_markdown=f"Text.\n\n![A dhow](media:{missing})")

    problem = await ingestion.act(article, "publish", wanted=422)
    planned = await ingestion.act(article, "submit", wanted=422)

    assert pointers(problem) == pointers(planned) == ["/body_markdown"]
    assert missing in str(problem["errors"])
    assert "<p>A dhow</p>" in str(article["body_html"])
    assert article["picture_faults"] == [{"pointer": "/body_markdown", "media_id": missing, "fault": "unknown"}]
    media.add(picture_id=missing)
    public = await ingestion.act(article, "publish")
    assert '<figure class="picture"><picture>' in str(public["body_html"])


async def test_without_media_texts_are_saved_and_known_pictures_used(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    known, unknown = media.add(), media.add()
    await announce(ingestion, known)
    media.is_down = True
    try:
        draft = await ingestion.create(body_markdown=f"![](media:{known.id})\n\n![B](media:{unknown.id})")
        await ingestion.act(draft, "publish", wanted=503)
        body = {"headline": "Ferry", "section": "world", "body_markdown": "A", "lead_image": {"media_id": unknown.id}}
        await ingestion.ask("POST", "/v1/articles", body, wanted=503)
        led = await ingestion.create(lead_image={"media_id": known.id})
        # As after a restored backup: nobody is told that the picture is gone.
        await ingestion.store.pictures.store.forget(known.id)
        assert (await current(ingestion, led))["picture_faults"] == []
    finally:
        media.is_down = False

    assert "<figure" in str(draft["body_html"])
    public = await ingestion.act(draft, "publish")
    assert str(public["body_html"]).count("<figure") == 2


async def test_missing_descriptions_are_named_and_decorative_pictures_need_none(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    bare, decorative = media.add(alt=""), media.add(alt="", decorative=True)
    text = f"![](media:{bare.id})\n![](media:{decorative.id})"
    article = await ingestion.create(body_markdown=text, lead_image={"media_id": bare.id})

    assert article["picture_faults"] == [
        {"pointer": "/lead_image/alt", "media_id": bare.id, "fault": "no_alt"},
        {"pointer": "/body_markdown", "media_id": bare.id, "fault": "no_alt"},
    ]
    # A draft follows its pictures without a new version.
    await announce(ingestion, a_record(bare.id, version=2, stamp="ffffffff", alt="Described"))
    followed = await current(ingestion, article)
    assert (followed["version"], followed["picture_faults"]) == (1, [])
    assert 'alt="Described"' in str(followed["body_html"])
    bare = media.add(alt="")
    text = f"![](media:{bare.id})"
    described = await ingestion.edit(article, body_markdown=text, lead_image={"media_id": decorative.id})
    public = await ingestion.act(described, "publish")
    assert public["picture_faults"] == [{"pointer": "/body_markdown", "media_id": bare.id, "fault": "no_alt"}]


async def test_too_many_pictures_are_refused(ingestion: IngestionClient, media: MediaStandIn) -> None:
    record = media.add()
    many = "\n\n".join(["![][p]"] * 101)
    body = {"headline": "Ferry", "section": "world", "body_markdown": f"{many}\n\n[p]: media:{record.id}"}

    problem = await ingestion.ask("POST", "/v1/articles?autosave=true", body, wanted=422)

    assert pointers(problem) == ["/body_markdown"]
    await ingestion.create(body_markdown=body["body_markdown"].removeprefix("![][p]\n\n"))


async def test_changed_picture_is_sent_again_and_editors_keep_their_version(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    record = media.add()
    text = f"It *sails*.\n\n![](media:{record.id})"
    draft = await ingestion.create(body_markdown=text, lead_image={"media_id": record.id, "alt": "Our own"})
    public = await ingestion.act(draft, "publish")
    saved = await ingestion.edit(public, headline="Changed", body_markdown=text, lead_image={"media_id": record.id})
    media.records[record.id] = changed = a_record(record.id, version=2, stamp="ffffffff", credit="Ana")

    await announce(ingestion, changed)
    await announce(ingestion, changed)
    await announce(ingestion, record)

    now_public = await current(ingestion, public)
    first, second = await ingestion.events(public, 2)
    assert (second.version, now_public["version"], now_public["text_version"]) == (4, 4, 3)
    assert (second.headline, second.updated_at, second.history) == (first.headline, first.updated_at, first.history)
    assert "-ffffffff.webp" in second.body_html
    assert '<span class="credit">Ana</span>' in second.body_html
    assert second.lead_image is not None
    assert (second.lead_image.media, second.lead_image.alt) == (changed.facts, "Our own")
    presence = await ingestion.ask("POST", f"/v1/articles/{public['id']}/presence", {"state": "editing"})
    assert presence["version"] == 3
    revisions = (await ingestion.ask("GET", f"/v1/articles/{public['id']}/revisions"))["items"]
    assert [found["version"] for found in revisions] == [3, 2, 1]  # type: ignore[attr-defined]
    audit = (await ingestion.ask("GET", f"/v1/audit?object={public['id']}&action=article.picture"))["items"]
    assert [entry["actor"]["via"] for entry in audit] == ["media"]  # type: ignore[attr-defined]
    # The editor who read version 3 has nothing to merge.
    edited = await ingestion.edit(saved, headline="Changed again", body_markdown=text)
    assert (edited["version"], edited["text_version"]) == (5, 5)
    await ingestion.edit(saved, body_markdown=text, wanted=412)


async def test_change_that_takes_too_long_goes_on_where_it_ended(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    record, store = media.add(), ingestion.store.articles
    public = [
        await ingestion.act(await ingestion.create(lead_image={"media_id": record.id}), "publish") for _ in range(2)
    ]
    changed = a_record(record.id, version=2, stamp="ffffffff")

    newest = await store.find(str(public[1]["id"]))
    assert newest is not None

    with pytest.raises(Unavailable):
        await take_record(store, changed, now, within_s=0.0)
    assert await store.pictures.store.left(changed) == newest.number + 1
    await store.pictures.store.note_progress(changed, newest.number)
    await announce(ingestion, changed)

    versions = [(await current(ingestion, article))["version"] for article in public]
    assert versions == [3, 2]
    assert await store.pictures.store.left(changed) == 0


async def test_publication_compares_its_pictures_after_the_commit(
    ingestion: IngestionClient, media: MediaStandIn
) -> None:
    record, store = media.add(), ingestion.store.articles
    public = await ingestion.act(await ingestion.create(lead_image={"media_id": record.id}), "publish")
    # As an announcement that looked for articles before this publication was committed.
    await store.pictures.store.keep(a_record(record.id, version=2, stamp="ffffffff"))
    article = await store.find(str(public["id"]))
    assert article is not None

    await follow_up(store, article, now())
    await follow_up(store, article, now())

    _, second = await ingestion.events(public, 2)
    assert second.lead_image is not None
    assert second.lead_image.url.endswith("original-ffffffff.jpg")
    assert (await current(ingestion, public))["version"] == 3


async def test_editor_keeps_a_version_that_another_process_sent_again(
    ingestion: IngestionClient, ingestion_settings: IngestionSettings, media: MediaStandIn
) -> None:
    record = media.add()
    public = await ingestion.act(await ingestion.create(lead_image={"media_id": record.id}), "publish")
    saved = await ingestion.edit(public, headline="Saved here", lead_image={"media_id": record.id})
    other = Store(Mongo(ingestion_settings.mongo), ingestion_settings.ingestion_database)

    await take_record(other.articles, a_record(record.id, version=2, stamp="ffffffff"), now)
    other.mongo.close()

    edited = await ingestion.edit(saved, headline="Saved here again")
    assert (saved["version"], edited["version"]) == (3, 5)


async def test_uses_are_those_of_working_copies_and_readers(ingestion: IngestionClient, media: MediaStandIn) -> None:
    record = media.add()
    in_text = await ingestion.create(headline="In the text", body_markdown=f"![](media:{record.id})")
    as_lead = await ingestion.create(headline="As lead", lead_image={"media_id": record.id})
    public = await ingestion.act(as_lead, "publish")
    without = await ingestion.edit(public, headline="As lead, for readers only")

    found = await uses(ingestion, record.id)
    refused = await ingestion.ask("DELETE", f"/internal/pictures/{record.id}", wanted=409)

    assert found == refused["uses"] == [
        {"article_id": as_lead["id"], "headline": "As lead, for readers only", "status": "published", "lead": True},
        {"article_id": in_text["id"], "headline": "In the text", "status": "draft", "lead": False},
    ]  # fmt: skip
    await ingestion.act(without, "publish")
    await ingestion.edit(in_text, headline="In the text")
    assert await uses(ingestion, record.id) == []
    del media.records[record.id]
    assert (await ingestion.call("DELETE", f"/internal/pictures/{record.id}")).status == 204
    gone = await ingestion.ask(
        "POST",
        f"/v1/articles/{as_lead['id']}/revisions/1/restore",
        {},
        match=(await current(ingestion, as_lead))["version"],
    )
    assert pointers(await ingestion.act(gone, "publish", wanted=422)) == ["/lead_image/media_id"]
