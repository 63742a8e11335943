"""The worker over real engines: checks for the api, and variants of waiting pictures."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from services.media.settings import MediaSettings
from services.media.worker.metrics import VARIANTS_MADE
from shared.pictures import all_variants
from tests.support.drawn_pictures import drawing, encoded, opened, picture, pixel
from tests.support.media_worker import MediaWorker, running_media_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(mongo_url: str) -> AsyncIterator[MediaWorker]:
    """A worker with one decoder for each purpose."""
    settings = MediaSettings(mongo=mongo_url, media_decoders=1)
    async with running_media_worker(settings, f"test_{uuid4().hex[:12]}") as worker:
        yield worker


async def test_waiting_picture_gets_every_variant_in_its_size_and_format(worker: MediaWorker) -> None:
    added = await worker.upload(picture("png", 700, 500), creator="Ada", credit="Ada/World Monitor")

    done = await worker.settled(added)

    assert (done.variants, done.claimed_until) == ("done", None)
    wanted = {str(variant.name): variant for variant in all_variants(added.facts)}
    assert set(await worker.keys(added.folder)) == {*wanted, "upload", added.facts.original}
    for name, variant in wanted.items():
        key = f"{added.folder}/{name}"
        image = opened(await worker.read(key))
        facts = await worker.objects.stat(key)
        assert image.size == (variant.width, variant.height)
        assert facts is not None
        assert facts.content_type == variant.content_type == f"image/{str(image.format).lower()}"
        assert b"Ada/World Monitor" in await worker.read(key)


async def test_lost_variant_is_made_again_and_no_other(worker: MediaWorker) -> None:
    done = await worker.settled(await worker.upload(picture("jpeg", 400, 300)))
    key = f"{done.folder}/full-400-{done.facts.stamp}.webp"
    before = await worker.read(key)
    made = VARIANTS_MADE.labels("webp")._value.get()
    await worker.objects.delete(key)

    await worker.store.pictures.make_again(done.id)
    assert await worker.post("/internal/wake", {}) == (202, {})

    assert (await worker.settled(done)).variants == "done"
    assert await worker.read(key) == before
    assert VARIANTS_MADE.labels("webp")._value.get() == made + 1


async def test_picture_without_a_usable_original_is_refused_after_three_tries_and_others_go_on(
    worker: MediaWorker,
) -> None:
    bad = await worker.add(picture("jpeg", 50, 50), original=b"not a picture")
    good = await worker.upload(picture("jpeg", 60, 60))

    refused, done = await worker.settled(bad), await worker.settled(good)

    assert (refused.variants, refused.tries, refused.claimed_until) == ("refused", 3, None)
    assert done.variants == "done"
    assert len(await worker.keys(bad.folder)) == 2


async def test_transparent_picture_keeps_its_alpha_but_in_jpeg(worker: MediaWorker) -> None:
    done = await worker.settled(await worker.upload(encoded(drawing(100, 80, "RGBA"), "png")))

    for format in ("avif", "webp"):
        image = opened(await worker.read(f"{done.folder}/full-100-{done.facts.stamp}.{format}"))
        assert image.convert("RGBA").getpixel((90, 70))[3] < 10  # type: ignore[index]  # four bands
    jpeg = opened(await worker.read(f"{done.folder}/full-100-{done.facts.stamp}.jpg"))
    assert min(pixel(jpeg, 90, 70)) > 240


async def test_original_is_written_again_with_other_credits(worker: MediaWorker) -> None:
    added = await worker.upload(picture("png", 90, 60))
    to = f"{added.folder}/original-ffff0000.jpg"
    texts = {"creator": "Ada", "credit": "Ada/Agency", "copyright": ""}

    status, answer = await worker.post("/internal/original", {"key": f"{added.folder}/upload", "to": to, **texts})

    written = await worker.read(to)
    wanted = {"width": 90, "height": 60, "size_bytes": len(written), "name": "original.jpg", "color": added.facts.color}
    assert (status, answer) == (200, wanted)
    assert b"Ada/Agency" in written


async def test_wrong_requests_are_refused_by_reason(worker: MediaWorker) -> None:
    await worker.put("staging/heic1", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
    await worker.put("staging/torn1", picture("webp")[:-20])
    for key, wanted in (("staging/none", 404), ("../etc/passwd", 422), ("staging/heic1", 415), ("staging/torn1", 422)):
        status, answer = await worker.post("/internal/check", {"key": key})

        assert (status, answer["status"]) == (wanted, wanted), answer
    assert not {"heic1.original", "torn1.original"} & set(await worker.keys("staging"))
