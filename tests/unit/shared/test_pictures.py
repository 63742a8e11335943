"""Addresses and crops of pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pictures import (
    SHAPES,
    TONES,
    PictureFacts,
    all_variants,
    crop_box,
    original_name,
    parse_original_name,
    parse_variant_name,
    srcset,
    tone_class,
    variants,
)


def facts(width: int = 2000, height: int = 1000, x: float = 0.5, y: float = 0.5) -> PictureFacts:
    return PictureFacts(
        id="p1",
        folder="0123456789abcdef",
        stamp="0a1b2c3d",
        width=width,
        height=height,
        original="original-0a1b2c3d.jpg",
        size_bytes=1,
        focal_x=x,
        focal_y=y,
    )


@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(0, 1), st.floats(0, 1))
def test_every_crop_lies_in_the_picture_with_its_ratio(width: int, height: int, x: float, y: float) -> None:
    found = facts(width, height, x, y)
    for shape, rule in SHAPES.items():
        box = crop_box(found, shape)
        assert box.left >= 0
        assert box.top >= 0
        assert box.left + box.width <= width
        assert box.top + box.height <= height
        assert box.width == width or box.height == height
        if rule.ratio is not None and min(width, height) > 200:
            assert box.width / box.height == pytest.approx(rule.ratio[0] / rule.ratio[1], rel=0.02)


def test_crop_follows_the_focal_point() -> None:
    assert crop_box(facts(x=0.0), "1x1").left == 0
    assert crop_box(facts(x=1.0), "1x1").left == 1000
    assert crop_box(facts(x=0.4), "1x1").left == 300


def test_variants_are_never_wider_than_the_picture() -> None:
    assert [variant.width for variant in variants(facts(900, 600), "full", "webp")] == [640]
    assert [variant.width for variant in variants(facts(100, 80), "16x9", "avif")] == [100]
    assert not variants(facts(), "1x1", "avif")


def test_every_variants_name_can_be_read_again() -> None:
    found = all_variants(facts())
    assert len({variant.path for variant in found}) == len(found)
    for variant in found:
        assert parse_variant_name(variant.path.rpartition("/")[2]) == variant.name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "full-0-0a1b2c3d.jpg",
        "full-480-0A1B2C3D.jpg",
        "5x5-480-0a1b2c3d.jpg",
        "../full-480-0a1b2c3d.jpg",
        "full-480-0a1b2c3d.jpg\n",
    ],
)
def test_other_names_are_no_variants(name: str) -> None:
    assert parse_variant_name(name) is None


def test_name_of_an_original_can_be_read_again() -> None:
    assert parse_original_name(original_name("0a1b2c3d", has_alpha=True)) == "0a1b2c3d"
    assert parse_original_name("original-0a1b2c3d.gif") is None


def test_srcset_names_paths_with_widths() -> None:
    assert srcset(facts(1000, 1000), "3x2", "webp") == (
        "/media/0123456789abcdef/3x2-320-0a1b2c3d.webp 320w, "
        "/media/0123456789abcdef/3x2-640-0a1b2c3d.webp 640w, "
        "/media/0123456789abcdef/3x2-960-0a1b2c3d.webp 960w"
    )


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_tone_of_a_colour_is_near_it(red: int, green: int, blue: int) -> None:
    shown = TONES[tone_class(f"#{red:02x}{green:02X}{blue:02x}")]
    for start, level in zip((1, 3, 5), (red, green, blue), strict=True):
        assert abs(int(shown[start : start + 2], 16) - level) <= 43


def test_tone_of_another_text_is_grey() -> None:
    assert tone_class("red; x") == tone_class("#808080")
    assert len(TONES) == 64
