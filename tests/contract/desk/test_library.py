"""The library of pictures without JavaScript: adding, describing, deleting, and what a refusal shows."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.support.desk import DeskClient, open_desk
from tests.support.ingestion import DRAFT, Json
from tests.support.picture_desk import PictureDesk, draw_picture, running_picture_desk

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def library(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PictureDesk]:
    """An editor's browser at a desk with media."""
    folder = tmp_path_factory.mktemp("library")
    async with running_picture_desk(
        kafka_url, mongo_url, folder, is_embedded=embedded_kafka, media_most_bytes=200_000
    ) as running:
        yield running


def lead_of(article: Json) -> Json:
    """The article's lead picture."""
    lead = article["lead_image"]
    assert isinstance(lead, dict)
    return lead


async def test_uploaded_picture_is_described_and_found_again(library: PictureDesk) -> None:
    desk = library.desk
    added = await desk.upload("/desk/media", draw_picture("#101010"), "harbour <b>.jpg")
    again = await desk.upload("/desk/media", draw_picture("#101010"), "copy.jpg")
    path, picture_id = added.location.partition("?")[0], added.location.partition("?")[0].rpartition("/")[2]
    assert (added.location, again.location) == (f"{path}?done=added", f"{path}?done=known")

    shown = await desk.get(added.location)
    fields = {"alt": "A harbour at dusk", "credit": "Ines", "focal_x": "20", "focal_y": "50"}
    await desk.post(path, {**fields, "version": shown.hidden("version")})

    stored = await library.picture(picture_id)
    assert (stored["alt"], stored["focal_point"], stored["version"]) == ("A harbour at dusk", {"x": 0.2, "y": 0.5}, 2)
    assert "Say now what it shows" in shown.text
    assert "harbour &lt;b&gt;.jpg" in shown.text
    assert "A harbour at dusk" in (await desk.get("/desk/media?q=dusk&mine=true&unused=true")).text
    assert "A harbour at dusk" not in (await desk.get("/desk/media?q=dusk&missing_alt=true")).text


async def test_text_of_a_colleague_is_shown_beside_the_typed_one(library: PictureDesk) -> None:
    picture = await library.add(draw_picture("#202020"), "pier.jpg")
    desk, path = library.desk, f"/desk/media/{picture['id']}"
    await desk.post(path, {"alt": "Theirs", "version": "1"})

    late = await desk.post(path, {"alt": "Mine", "version": "1"}, wanted=412)
    await desk.post(path, {"alt": "Mine", "version": late.hidden("version")})

    assert all(text in late.text for text in ("Theirs", ">\nMine</textarea>", "A colleague changed this picture"))
    assert (await library.picture(picture["id"]))["alt"] == "Mine"


async def test_refused_files_say_why_beside_the_field(library: PictureDesk) -> None:
    desk = library.desk
    text = await desk.upload("/desk/media", b"no picture", "notes.jpg", wanted=415)
    large = await desk.upload("/desk/media", bytes(400_000), "large.jpg", wanted=413)
    none = await desk.upload("/desk/media", b"", "", wanted=422)
    address = await desk.post("/desk/media/fetch", {"url": "http://127.0.0.1:9/a.jpg"}, wanted=422)
    async with open_desk(desk.ingestion, media=library.away_url) as other:
        without_worker = replace(desk, client=other.client)
        away = await without_worker.upload("/desk/media", draw_picture("#303030"), "away.jpg", wanted=503)

    assert 'aria-invalid="true"' in text.text
    assert "JPEG, PNG, WebP, AVIF" in text.text.partition('id="file-problem"')[2][:200]
    assert "at most 195 KB" in large.text
    assert 'id="file-problem"' in none.text
    assert 'value="http://127.0.0.1:9/a.jpg"' in address.text
    assert "Retry-After" in away.headers


async def test_picture_in_use_is_not_deleted_and_an_unused_one_is(library: PictureDesk) -> None:
    desk, picture = library.desk, await library.add(draw_picture("#404040"), "crane.jpg", alt="A crane")
    path = f"/desk/media/{picture['id']}"
    reporter = replace(await desk.as_role("reporter"), client=desk.client)
    assert "/delete" not in (await reporter.get(path)).text
    asked = await desk.get(f"{path}/delete")

    lead = {"lead_image": {"media_id": picture["id"]}}
    article = await desk.ask("POST", "/v1/articles", {**DRAFT, "headline": "Cranes", **lead}, wanted=201)
    refused = await desk.post(f"{path}/delete", wanted=409)
    used = await desk.get(path)
    await desk.ask("PUT", f"/v1/articles/{article['id']}", DRAFT, If_Match='"1"')
    deleted = await desk.post(f"{path}/delete")

    assert "Delete for ever" in asked.text
    assert all("Cranes" in page.text for page in (refused, used))
    assert "The picture is deleted." in (await desk.get(deleted.location)).text
    await desk.get(path, wanted=404)


async def test_lead_picture_is_chosen_on_a_page_described_and_taken_out_again(library: PictureDesk) -> None:
    desk, picture = library.desk, await library.add(draw_picture("#505050"), "lead.jpg")
    article = await desk.ask("POST", "/v1/articles", {**DRAFT, "lead_image": {"url": "/a.jpg", "alt": "a"}}, wanted=201)
    path = f"/desk/articles/{article['id']}"
    fields = {"headline": "Ferries", "section": "world", "body_markdown": "They rise."}

    saved = await desk.post(
        path, {**fields, "picture_url": "/a.jpg", "picture_alt": "a", "version": "1", "act": "picture"}
    )
    asked = await desk.get(f"{saved.location}?q=lead.jpg")
    chosen = await desk.post(saved.location, {"media_id": str(picture["id"]), "version": asked.hidden("version")})
    assert (saved.location, chosen.location) == (f"{path}/picture", f"{path}?saved=1")
    assert lead_of(await desk.article(article))["media_id"] == picture["id"]
    assert "no alt text, and not marked as decorative): \u2068lead.jpg\u2069" in (await desk.get(f"{path}/checks")).text
    late = await desk.post(saved.location, {"media_id": "none", "version": "1"}, wanted=412)
    assert "Nothing was done" in late.text

    await desk.post(f"/desk/media/{picture['id']}", {"alt": "The quay", "version": "1"})
    editor = await desk.get(path)
    assert 'placeholder="The quay"' in editor.text
    assert "lead.jpg" not in (await desk.get(f"{path}/checks")).text
    hidden = {name: editor.hidden(name) for name in ("version", "picture_media_id")}
    await desk.post(path, {**fields, **hidden, "headline": "Ferries again"})
    kept = lead_of(await desk.article(article))
    assert (kept["alt"], kept["inherited"]) == ("The quay", ["alt", "caption", "credit"])

    asked = await desk.get(saved.location)
    await desk.post(saved.location, {"media_id": "none", "version": asked.hidden("version")})
    assert (await desk.article(article)).get("lead_image") is None


async def test_library_without_media_says_so(editor: DeskClient) -> None:
    found = await editor.get("/desk/media", wanted=503)

    assert "A part of the platform does not answer." in found.text
