"""The library of pictures without JavaScript: adding, describing, deleting, and what a refusal shows."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from shared.errors import Problem
from tests.support.desk import DeskClient, open_desk
from tests.support.ingestion import DRAFT
from tests.support.media_api import MediaApi, draw_picture, media_api

pytestmark = pytest.mark.asyncio(loop_scope="session")

Desk = tuple[DeskClient, MediaApi]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def library(editor: DeskClient) -> AsyncIterator[Desk]:
    """An editor's browser at a desk with a media service."""
    async with media_api() as media, open_desk(editor.ingestion, media=media.url, media_most_bytes=200_000) as desk:
        yield replace(editor, client=desk.client), media


async def test_uploaded_picture_is_described_and_found_again(library: Desk) -> None:
    desk, media = library
    added = await desk.upload("/desk/media", draw_picture("#101010"), "../harbour <b>.jpg")
    again = await desk.upload("/desk/media", draw_picture("#101010"), "copy.jpg")
    assert (added.location.partition("?")[0], again.location) == (
        again.location.partition("?")[0],
        added.location.replace("done=added", "done=known"),
    )
    path = added.location.partition("?")[0]

    shown = await desk.get(added.location)
    version = shown.hidden("version")
    fields = {"alt": "A harbour at dusk", "credit": "Ines", "focal_x": "20", "focal_y": "50", "version": version}
    await desk.post(path, fields)

    stored = media.pictures[path.rpartition("/")[2]]
    assert (stored.texts["alt"], stored.facts.focal_x, stored.version) == ("A harbour at dusk", 0.2, 2)
    assert "Say now what it shows" in shown.text
    assert "harbour &lt;b&gt;.jpg" in shown.text
    assert "A harbour at dusk" in (await desk.get("/desk/media?q=dusk")).text
    assert "A harbour at dusk" not in (await desk.get("/desk/media?q=dusk&missing_alt=true")).text


async def test_text_of_a_colleague_is_shown_beside_the_typed_one(library: Desk) -> None:
    desk, media = library
    path = (await desk.upload("/desk/media", draw_picture("#202020"), "pier.jpg")).location.partition("?")[0]
    await desk.post(path, {"alt": "Theirs", "version": "1"})

    late = await desk.post(path, {"alt": "Mine", "version": "1"}, wanted=412)
    await desk.post(path, {"alt": "Mine", "version": late.hidden("version")})

    assert all(text in late.text for text in ("Theirs", ">\nMine</textarea>", "A colleague changed this picture"))
    assert media.pictures[path.rpartition("/")[2]].texts["alt"] == "Mine"


async def test_refused_files_say_why_beside_the_field(library: Desk) -> None:
    desk, media = library
    before = len(media.pictures)

    text = await desk.upload("/desk/media", b"no picture", "notes.jpg", wanted=415)
    large = await desk.upload("/desk/media", bytes(400_000), "large.jpg", wanted=413)
    none = await desk.upload("/desk/media", b"", "", wanted=422)
    address = await desk.post("/desk/media/fetch", {"url": "ftp://x.example/a.jpg"}, wanted=422)
    media.fault = Problem(503, "The worker does not answer.", headers={"Retry-After": "2"})
    away = await desk.upload("/desk/media", draw_picture("#303030"), "away.jpg", wanted=503)
    media.fault = None

    assert "This is not a JPEG, PNG, WebP, AVIF or GIF file." in text.text
    assert "at most 195 KB" in large.text
    assert "Send a file." in none.text
    assert 'value="ftp://x.example/a.jpg"' in address.text
    assert away.headers["Retry-After"] == "2"
    assert len(media.pictures) == before


async def test_picture_in_use_is_not_deleted_and_an_unused_one_is(library: Desk) -> None:
    desk, media = library
    path = (await desk.upload("/desk/media", draw_picture("#404040"), "crane.jpg")).location.partition("?")[0]
    picture_id = path.rpartition("/")[2]
    reporter = replace(await desk.as_role("reporter"), client=desk.client)

    asked = await desk.get(f"{path}/delete")
    media.uses[picture_id] = [
        {"article_id": "01jdesk0000000000000000000", "headline": "Cranes", "status": "draft", "lead": True}
    ]
    refused = await desk.post(f"{path}/delete", wanted=409)
    del media.uses[picture_id]
    deleted = await desk.post(f"{path}/delete")

    assert "Delete for ever" in asked.text
    assert "Cranes" in refused.text
    assert "The picture is deleted." in (await desk.get(deleted.location)).text
    await desk.get(path, wanted=404)
    assert "/delete" not in (await reporter.get(next(f"/desk/media/{one}" for one in media.pictures))).text


async def test_library_without_media_says_so(editor: DeskClient) -> None:
    found = await editor.get("/desk/media", wanted=503)

    assert "A part of the platform does not answer." in found.text


async def test_lead_picture_is_chosen_on_a_page_and_taken_out_again(library: Desk) -> None:
    desk, media = library
    media.add(draw_picture("#505050"), "lead.jpg", alt="The lead")
    article = await desk.ask("POST", "/v1/articles", {**DRAFT, "lead_image": {"url": "/a.jpg", "alt": "a"}}, wanted=201)
    path = f"/desk/articles/{article['id']}"

    fields = {"headline": "Ferries", "section": "world", "body_markdown": "They rise.", "picture_url": "/a.jpg"}
    saved = await desk.post(path, {**fields, "picture_alt": "a", "version": "1", "act": "picture"})
    asked = await desk.get(f"{saved.location}?q=the+lead")
    none = await desk.post(saved.location, {"media_id": "none", "version": asked.hidden("version"), "key": "none"})
    late = await desk.post(saved.location, {"media_id": "none", "version": "1"}, wanted=412)

    assert (saved.location, none.location) == (f"{path}/picture", f"{path}?saved=1")
    assert "The lead" in asked.text
    assert (await desk.article(article)).get("lead_image") is None
    assert "Nothing was done" in late.text
