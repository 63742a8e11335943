"""The worker over real engines: checks for the api, and variants of waiting pictures."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from services.media.settings import MediaSettings
from shared.pictures import all_variants
from tests.support.drawn_pictures import opened, picture
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
