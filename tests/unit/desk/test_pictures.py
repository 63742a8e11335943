"""A picture as the desk shows it, what its form changes, and the library's filters."""

from zoneinfo import ZoneInfo

import pytest

from services.desk.media.library_query import read_query
from services.desk.media.picture_rules import changes_of, overtaken, percent, values_of
from services.desk.media.pictures import picture_of
from services.desk.words import Languages

STORED = {
    "id": "p1",
    "version": 3,
    "url": "/media/0123456789abcdef/original-0123abcd.jpg",
    "width": 2400,
    "height": 1600,
    "alt": "A pier",
    "focal_point": {"x": 0.333, "y": 0.5},
    "crops": {"16x9": {"url": "/c.jpg", "width": 1920, "height": 1080}},
    "variants": [
        {"url": f"/media/0123456789abcdef/{shape}-{width}-0123abcd.{format}", "width": width, "height": 1}
        for shape in ("full", "16x9")
        for format in ("avif", "webp")
        for width in (1600, 640, 960)
    ],
}


def test_tile_is_the_narrowest_whole_variant_that_is_wide_enough() -> None:
    picture = picture_of(STORED)

    assert picture.tile.url.endswith("/full-640-0123abcd.webp")
    assert picture.large.url.endswith("/full-960-0123abcd.webp")
    assert picture_of({**STORED, "variants": []}).tile.url == STORED["url"]
    assert picture_of({**STORED, "variants": [], "used_by": []}).uses == []
    assert picture.uses is None


def test_form_changes_only_what_was_changed() -> None:
    picture = picture_of(STORED)
    shown = values_of(picture)

    assert changes_of(picture, shown) == {}
    assert changes_of(picture, {**shown, "alt": " A pier ", "caption": "New"}) == {"caption": "New"}
    assert changes_of(picture, {**shown, "focal_y": "80"}) == {"focal_point": {"x": 0.33, "y": 0.8}}
    assert changes_of(picture, {**shown, "decorative": "true", "alt": ""}) == {"alt": "", "decorative": True}
    assert [one.stored for one in overtaken(picture, {**shown, "alt": "Mine"})] == ["A pier"]


@pytest.mark.parametrize(("text", "fraction"), [("0", 0), ("100", 1), ("4000", 1), ("-1", 0.5), ("٥", 0.5), ("", 0.5)])
def test_percentage_is_a_fraction_within_the_picture(text: str, fraction: float) -> None:
    assert percent(text) == fraction


def test_unknown_and_empty_filters_do_not_count() -> None:
    query = read_query({"q": " pier ", "unused": "true", "mine": "", "missing_alt": "yes", "cursor": "c", "x": "y"})

    assert query.params == {"q": "pier", "unused": "true", "cursor": "c"}
    assert query.older("d e") == "q=pier&unused=true&cursor=d+e"


@pytest.mark.parametrize(
    ("size", "english", "arabic"),
    [(1, "1 KB", "١ كيلوبايت"), (2_500_000, "2.4 MB", "٢٫٤ ميغابايت"), (40 * 1024 * 1024, "40 MB", "٤٠ ميغابايت")],
)
def test_size_of_a_file_in_words(size: int, english: str, arabic: str) -> None:
    languages = Languages("en", ZoneInfo("Asia/Riyadh"))

    assert [languages.choose(code).file_size(size) for code in ("en", "ar")] == [english, arabic]
