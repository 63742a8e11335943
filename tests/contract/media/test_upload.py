"""Uploads: from a form to a picture that readers get."""

import asyncio
import hashlib
from collections.abc import Callable

from aiohttp import FormData

from tests.support.media import MediaService, bearer, drawn, running_media
from tests.support.polling import eventually

Draw = Callable[[], bytes]


async def test_uploaded_picture_is_shown_served_and_announced(media: MediaService, picture: Draw) -> None:
    content = picture()

    response = await media.upload(content, alt="A lake", caption="At dusk", focal_x="0.25", focal_y="0.5")
    answer = await response.json()
    served = await media.client.get(answer["url"])

    assert response.status == 201
    assert response.headers["Location"] == f"/v1/media/{answer['id']}"
    assert response.headers["ETag"] == '"1"'
    sha256 = hashlib.sha256(content).hexdigest()
    assert answer["sha256"] == sha256
    assert (answer["width"], answer["height"], answer["type"], answer["size_bytes"]) == (
        640, 480, "image/png", len(content)
    )  # fmt: skip
    assert (answer["alt"], answer["caption"], answer["credit"]) == ("A lake", "At dusk", "")
    assert answer["focal_point"] == {"x": 0.25, "y": 0.5}
    assert answer["used_by"] == []
    assert {variant["type"] for variant in answer["variants"]} == {"image/avif", "image/webp", "image/jpeg"}
    assert set(answer["crops"]) == {"16x9", "3x2", "4x3", "1x1"}
    assert await media.shown(answer["id"]) == answer
    assert answer["url"].startswith(f"/media/{sha256[:16]}/original-")
    assert served.status == 200
    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (await served.read())[:3] == b"\xff\xd8\xff"

    async def announced() -> bool:
        return answer["id"] in [record.id for record in media.ingestion.announced] and media.worker.wakes > 0

    await eventually(announced, what="ingestion and the worker know the picture")
    assert await media.keys("staging/") == []


async def test_same_file_again_is_the_first_picture(media: MediaService, picture: Draw) -> None:
    content = picture()
    first = await media.added(content, alt="first")

    again = await media.upload(content, alt="second", name="other.png")
    at_once = await asyncio.gather(*(media.upload(drawn(shade=7_000_001)) for _ in range(4)))

    assert (again.status, (await again.json())["id"], (await again.json())["alt"]) == (200, first["id"], "first")
    assert sorted(response.status for response in at_once) == [200, 200, 200, 201]
    assert len({(await response.json())["id"] for response in at_once}) == 1
    assert await media.keys("staging/") == []


async def test_repeated_key_gets_the_first_answer_and_another_body_is_422(media: MediaService, picture: Draw) -> None:
    content, key = picture(), hashlib.sha256(picture()).hexdigest()

    first, again = [await media.upload(content, key=key, alt="A lake") for _ in range(2)]
    other = await media.upload(content, key=key, alt="A pond")

    assert (first.status, again.status, other.status) == (201, 201, 422)
    assert await first.read() == await again.read()


async def test_refused_uploads_name_the_fault_and_leave_nothing(media: MediaService, picture: Draw) -> None:
    async def refused(form: FormData | bytes, content_type: str | None = None) -> tuple[int, str]:
        headers = bearer("editor") | ({"Content-Type": content_type} if content_type else {})
        response = await media.client.post("/v1/media", data=form, headers=headers)
        answer = await response.json()
        return response.status, answer["errors"][0]["pointer"] if "errors" in answer else ""

    def form(*fields: tuple[str, str | bytes]) -> FormData:
        made = FormData()
        for name, content in fields:
            made.add_field(name, content, filename="x.jpg" if isinstance(content, bytes) else None)
        return made

    content, before = picture(), await media.keys()
    broken = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nabc'

    assert await refused(form(("alt", "A lake"), ("caption", "x"), ("file", b""))) == (422, "/file")
    assert await refused(form(("alt", "A lake"), ("credit", "x"), ("caption", "y"))) in ((422, "/file"), (415, ""))
    assert await refused(form(("file", content), ("file", content))) == (422, "/file")
    assert await refused(form(("file", content), ("colour", "red"))) == (422, "/colour")
    assert await refused(form(("focal_x", "2"), ("file", content))) == (422, "/focal_x")
    assert await refused(form(("focal_y", "nan"), ("file", content))) == (422, "/focal_y")
    assert await refused(form(("alt", "a\u202eb"), ("file", content))) == (422, "/alt")
    assert await refused(form(("alt", "x" * 501), ("file", content))) == (422, "/alt")
    assert await refused(form(("file", b"<svg onload='alert(1)'/>"))) == (415, "/file")
    assert await refused(b"{}", "application/json") == (415, "")
    assert await refused(b"abc", "multipart/form-data") == (400, "")
    assert await refused(broken, "multipart/form-data; boundary=x") == (400, "")
    assert await media.keys() == before


async def test_file_above_the_limit_is_413_and_leaves_nothing(mongo_url: str, media_database: str) -> None:

    async with running_media(mongo_url, media_database, media_most_bytes=100_000) as media:
        before = await media.keys()
        declared = await media.upload(b"\xff" * 1_000_000)
        streamed = await media.upload(b"\xff" * 120_000)

        assert (declared.status, streamed.status) == (413, 413)
        assert await media.keys() == before


async def test_worker_that_is_away_is_503_and_nothing_is_kept(media: MediaService, picture: Draw) -> None:
    media.worker.is_away = True
    content, before = picture(), await media.keys()

    response = await media.upload(content)

    assert (response.status, "Retry-After" in response.headers) == (503, True)
    assert await media.keys() == before


async def test_rights_follow_roles(media: MediaService, picture: Draw) -> None:
    assert [(await media.upload(picture(), role=role)).status for role in ("nobody", "moderator", "reporter")] == [
        401, 403, 201
    ]  # fmt: skip


async def test_credit_of_the_file_fills_the_form_and_a_sent_one_replaces_it(media: MediaService, picture: Draw) -> None:
    media.worker.iptc = {"creator": "Ada\x00 Byrne", "credit": " The  Agency ", "copyright": "© 2026"}

    from_file = await media.added(picture())
    sent = await media.added(picture(), credit="The Desk")

    assert (from_file["credit"], sent["credit"]) == ("The Agency", "The Desk")
    assert media.worker.credits == [None, "The Desk"]
