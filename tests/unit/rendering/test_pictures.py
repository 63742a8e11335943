"""Pictures in their places: shapes, whole pictures, files for other sites."""

from dataclasses import replace

import pytest

from services.rendering.pages.models import Picture
from services.rendering.pages.pictures import (
    PLACES,
    as_picture,
    card_file,
    card_files,
    original_file,
    shown,
    text_file,
    thumbnail_file,
    with_early_picture,
)
from shared import events
from shared.pictures import PictureFacts, widths
from tests.support import look_samples as samples
from tests.support.page_server import TEMPLATES

FOLDER = "/media/0123456789abcdef"


def picture(width: int = 2400, height: int = 1600, name: str = "original-0a1b2c3d.jpg") -> Picture:
    facts = samples.facts(0, width, height).model_copy(update={"original": name})
    return Picture(facts.original_path, "A harbour", media=facts)


def facts_of(given: Picture) -> PictureFacts:
    assert given.media is not None
    return given.media


@pytest.mark.parametrize(("place", "rule"), PLACES.items())
def test_picture_has_the_ratio_of_its_place_and_three_formats(place: str, rule: object) -> None:
    found = shown(picture(), place)  # type: ignore[arg-type]

    shape = PLACES[place].shape  # type: ignore[index]
    ratio = {"16x9": 16 / 9, "3x2": 3 / 2}[shape]
    assert found.width / found.height == pytest.approx(ratio, rel=0.01)
    assert [source.media_type for source in found.sources] == ["image/avif", "image/webp"]
    for text in (found.srcset, *(source.srcset for source in found.sources)):
        assert [int(part.split(" ")[1][:-1]) for part in text.split(", ")] == list(widths(facts_of(picture()), shape))
    assert found.url in found.srcset
    assert not found.is_whole


@pytest.mark.parametrize(
    ("width", "height", "whole"),
    [(2400, 1600, False), (1600, 1600, False), (1200, 1800, True), (2560, 640, True), (300, 169, True)],
)
def test_lead_that_a_crop_would_spoil_is_shown_whole_on_its_page_alone(width: int, height: int, whole: bool) -> None:
    given = picture(width, height)

    assert shown(given, "article").is_whole is whole
    assert ("/full-" in shown(given, "article").url) is whole
    assert not shown(given, "lead").is_whole


def test_other_sites_get_jpegs_of_known_sizes() -> None:
    given = picture()

    files = [(file.url.removeprefix(f"{FOLDER}/"), file.width, file.height) for file in card_files(given)]

    assert files == [
        ("16x9-1280-0a1b2c3d.jpg", 1280, 720),
        ("4x3-1200-0a1b2c3d.jpg", 1200, 900),
        ("1x1-1200-0a1b2c3d.jpg", 1200, 1200),
    ]
    small = thumbnail_file(given)
    assert small is not None
    assert (small.url, small.media_type) == (f"{FOLDER}/16x9-480-0a1b2c3d.jpg", "image/jpeg")
    assert text_file(given).url == f"{FOLDER}/full-960-0a1b2c3d.jpg"
    assert original_file(picture(name="original-0a1b2c3d.png")).media_type == "image/png"


@pytest.mark.parametrize("url", ["https://other.example/a.jpg", "/media/a.jpg", f"{FOLDER}/original-0a1b2c3d.jpg"])
def test_picture_by_address_has_one_file_of_unknown_size(url: str) -> None:
    given = replace(picture(), url=url, media=None)

    found = shown(given, "row")

    assert (found.url, found.sources, found.srcset, found.placeholder) == (url, (), "", "")
    assert (card_file(given).width, thumbnail_file(given)) == (None, None)


_IMAGE = '<img src="/a.jpg" alt="1 &gt; 0" width="6" height="4" loading="lazy" decoding="async">'


@pytest.mark.parametrize(
    ("before", "early"),
    [
        ('<figure class="picture"><picture><source srcset="/a.avif 640w" sizes="100vw">', True),
        ('<div class="gallery">\n<figure class="picture"><picture>', True),
        ("<p>", True),
        ("<p>Words first.</p><p>", False),
    ],
)
def test_picture_that_opens_a_text_is_fetched_at_once(before: str, early: bool) -> None:
    text = f"{before}{_IMAGE}</p><p>{_IMAGE}</p>"

    found = with_early_picture(text)

    assert found.count('loading="lazy"') == (1 if early else 2)
    assert found.count('fetchpriority="high"') == (1 if early else 0)
    assert found.startswith(before)


def test_page_with_a_picture_has_no_inline_style_but_a_class() -> None:
    page = TEMPLATES.article(replace(samples.article(), picture=picture(), body_html=f"<p>{_IMAGE}</p>"))

    assert ' style="' not in page
    assert 'class="tone-211" src="/media/0123456789abcdef/16x9-1920-0a1b2c3d.jpg"' in page
    assert ".tone-211{background:#a55}" in page
    assert _IMAGE in page


def test_event_without_facts_is_a_picture_by_address() -> None:
    assert as_picture(events.Picture(url="/media/a.jpg", alt="A")) == Picture("/media/a.jpg", "A")
    assert as_picture(None) is None
