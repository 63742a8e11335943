"""Accepted uploads: facts, orientation, colour, transparency."""

import pytest

from tests.support.drawn_pictures import KINDS, opened, picture, pixel
from tests.support.upload_checks import UploadBench

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("kind", KINDS)
async def test_each_type_becomes_a_jpeg_without_metadata(bench: UploadBench, kind: str) -> None:
    found, original = await bench.check(picture(kind))

    image = opened(original)
    assert (found.type, found.facts.width, found.facts.height) == (f"image/{kind}", 320, 200)
    assert (image.format, image.size, found.original_name) == ("JPEG", (320, 200), "original.jpg")
    assert found.stored_bytes == len(original)
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
    red, green, _ = pixel(image, 10, 10)
    assert red > 180 > green
