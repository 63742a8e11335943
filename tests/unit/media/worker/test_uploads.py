"""Accepted uploads: facts, orientation, colour, transparency."""

import pytest
from PIL import Image, ImageCms

from shared.pictures import LARGEST_ORIGINAL
from tests.support.drawn_pictures import KINDS, drawing, encoded, opened, picture, pixel
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


async def test_transparent_picture_becomes_a_png(bench: UploadBench) -> None:
    for kind in ("png", "webp", "avif"):
        found, original = await bench.check(encoded(drawing(mode="RGBA"), kind))

        image = opened(original)
        assert (found.facts.has_alpha, image.format, image.mode) == (True, "PNG", "RGBA"), kind
        assert image.getpixel((310, 190)) == (*pixel(image, 310, 190), 0)


async def test_opaque_alpha_is_dropped(bench: UploadBench) -> None:
    found, original = await bench.check(encoded(drawing().convert("RGBA"), "png"))

    assert (found.facts.has_alpha, opened(original).format) == (False, "JPEG")


async def test_animation_becomes_its_first_frame(bench: UploadBench) -> None:
    frames = [drawing(64, 40), Image.new("RGB", (64, 40), "white")]
    for kind in ("gif", "webp"):
        found, original = await bench.check(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))

        red, green, _ = pixel(opened(original), 5, 5)
        assert (found.facts.frames, red > 150 > green) == (2, True), kind


async def test_large_picture_is_reduced_and_keeps_its_own_size_in_the_answer(bench: UploadBench) -> None:
    found, original = await bench.check(picture("jpeg", 4000, 1000))

    assert (found.facts.width, found.facts.height) == (4000, 1000)
    assert (found.facts.original_width, found.facts.original_height) == (LARGEST_ORIGINAL, 640)
    assert opened(original).size == (LARGEST_ORIGINAL, 640)


async def test_other_colours_become_srgb(bench: UploadBench) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pictures = {
        "CMYK": encoded(drawing().convert("CMYK"), "jpeg"),
        "grey": encoded(drawing().convert("L"), "png"),
        "16 bits": encoded(Image.new("I;16", (30, 20), 40_000), "png"),
        "palette": encoded(drawing().convert("P"), "png"),
        "a profile": encoded(drawing(), "jpeg", icc_profile=lab),
        "a broken profile": encoded(drawing(), "jpeg", icc_profile=b"broken" * 100),
    }
    for name, data in pictures.items():
        found, original = await bench.check(data)

        image = opened(original)
        assert (image.mode, "icc_profile" in image.info) == ("RGB", False), name
        assert found.facts.color != "#000000", name


async def test_mean_colour_is_that_of_the_picture(bench: UploadBench) -> None:
    found, _ = await bench.check(encoded(Image.new("RGB", (50, 50), (16, 128, 240)), "png"))

    assert found.facts.color == "#1080f0"


async def test_damage_inside_a_jpeg_is_refused(bench: UploadBench) -> None:
    whole = encoded(drawing(900, 900).effect_spread(40), "jpeg")
    middle = len(whole) // 2

    problem = await bench.refusal(whole[:middle] + b"\xff\xd9" + whole[middle + 2 :])

    assert (problem.status, "damaged" in problem.detail) == (422, True)
