"""HTML of the store's pictures in a text: figures, galleries, and no more than that for writers."""

import re

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.articles.markdown import render, render_body, sanitise
from services.ingestion.pictures.figures import MOST_PICTURES
from services.ingestion.pictures.records import BodyPicture, has_sound_names
from services.ingestion.pictures.references import mentioned_ids
from shared.figures import column_sizes
from shared.pictures import srcset
from tests.support.pictures import a_record

RECORD = a_record("p1")
BARE = a_record("p2", alt="", caption="", credit="")
KNOWN = {"p1": RECORD, "p2": BARE, "p3": a_record("p3", alt="", decorative=True)}


def html_of(markdown: str) -> str:
    return render_body(markdown, KNOWN).html


def test_picture_alone_is_a_figure_with_formats_size_and_texts() -> None:
    html = html_of('Before.\n\n![A <b> *dhow*](media:p1 "By & by")\n\nAfter.')

    (figure,) = re.findall(r"<figure.*</figure>", html)
    assert figure.startswith('<figure class="picture"><picture><source type="image/avif" srcset="')
    assert re.findall(r'type="([^"]+)" srcset="([^"]+)"', figure) == [
        ("image/avif", srcset(RECORD.facts, "full", "avif")), ("image/webp", srcset(RECORD.facts, "full", "webp")),
    ]  # fmt: skip
    assert ' alt="A &lt;b&gt; dhow" width="' in figure
    assert 'loading="lazy" decoding="async"' in figure
    assert figure.endswith('<figcaption>By &amp; by <span class="credit">Ines Halloran</span></figcaption></figure>')
    assert html.startswith("<p>Before.</p>")
    assert html.endswith("<p>After.</p>\n")


def test_texts_that_are_not_written_are_the_pictures_own() -> None:
    assert ' alt="A ferry" ' in html_of("![](media:p1)")
    assert "<figcaption>The ferry at noon <span" in html_of("![](media:p1)")
    assert "figcaption" not in html_of("![a](media:p2)")


def test_several_in_one_paragraph_are_a_gallery_and_one_in_a_line_is_no_figure() -> None:
    gallery = html_of("![](media:p1)\n![](media:p2)  \n![Gone](media:p9)")
    line = html_of("See ![](media:p1) there")

    assert gallery.startswith('<div class="gallery">\n<figure')
    assert gallery.count("<figure") == 2
    assert "<p>Gone</p>\n</div>" in gallery
    assert line.startswith("<p>See <picture>")
    # Two beside each other; the first of three has the whole column.
    whole, half = column_sizes(RECORD.facts), column_sizes(RECORD.facts, half=True)
    assert (html_of("![](media:p1)\n" * 2).count(whole), html_of("![](media:p1)\n" * 2).count(half)) == (0, 4)
    assert (html_of("![](media:p1)\n" * 3).count(whole), html_of("![](media:p1)\n" * 3).count(half)) == (2, 4)
    assert "<p><picture>" in html_of("![](media:p1) ![](/media/a.jpg)")


def test_pictures_in_the_text_are_told_with_what_they_lack() -> None:
    body = render_body("![](media:p1)\n\n![](media:p2) `![](media:p8)`\n\n![](media:p3)\n\n![x](media:../p)", KNOWN)

    assert body.pictures == (
        BodyPicture(id="p1", version=1),
        BodyPicture(id="p2", version=1, lacks_alt=True),
        BodyPicture(id="p3", version=1),
        BodyPicture(id="../p", version=None),
    )
    assert mentioned_ids("![](media:p1) [a]: media:p2 ![](media:p1) media:../p media:P") == ("p1", "p2")


def test_pictures_beyond_the_limit_are_not_made() -> None:
    body = render_body("![][p]\n\n" * (MOST_PICTURES + 50) + "[p]: media:p1", KNOWN)

    assert (len(body.pictures), body.html.count("<figure")) == (MOST_PICTURES + 1, MOST_PICTURES + 1)


PIECES = (
    *("![", "](media:p1)", "](media:p2 \"", "\")", "](media:p9)", "](media:", "[a]: media:p1", "[a]"),
    *("text", "\n", "\n\n", " ", "- "),
    *("> ", "`", '" onload=x ', "<b>", "&quot;", "media:p1", "](/media/a.jpg)", "https://a.example/", "[^n]", "[^n]: "),
    *('<picture><source srcset="/media/0123456789abcdef/full-640-0a1b2c3d.webp 640w">', '<figure class="picture">'),
)  # fmt: skip
MADE = {
    "picture": set[str](),
    "source": {"type", "srcset", "sizes"},
    "figure": {"class"},
    "figcaption": set[str](),
    "div": {"class"},
    "span": {"class"},
    "img": {"src", "alt", "title", "width", "height", "loading", "decoding", "class"},
}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_text_makes_more_of_a_picture_than_its_renderer(markdown: str) -> None:
    html = html_of(markdown)

    assert sanitise(html) == html
    for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        if element.tag in MADE:
            assert set(element.attrib) <= MADE[element.tag]
        assert element.attrib.get("srcset", srcset(RECORD.facts, "full", "webp")) in {
            srcset(RECORD.facts, "full", "avif"), srcset(RECORD.facts, "full", "webp"),
        }  # fmt: skip


@pytest.mark.parametrize(
    "html",
    [
        '<source srcset="https://evil.example/a.webp 640w">',
        '<source srcset="/media/0123456789abcdef/full-640-0a1b2c3d.webp 640w, //evil.example/a 2x">',
        '<source srcset="/media/0123456789abcdef/full-640-0a1b2c3d.svg 640w">',
        '<source type="image/svg+xml" sizes="expression(1)" media="all">',
        '<figure class="gallery" style="position:fixed" onclick="x">',
        '<div class="consent-banner" id="x">',
        '<span class="gallery"></span>',
        '<img width="100%" height="0" class="see-through x" srcset="/a.jpg 1w" onerror="x">',
        '<figcaption class="credit">',
    ],
)
def test_sanitiser_lets_through_no_attribute_that_the_renderer_does_not_make(html: str) -> None:
    assert re.search(r"<[^>]*=", sanitise(html).replace(' loading="lazy"', "")) is None


def test_writers_html_stays_text() -> None:
    written = '<figure class="picture"><picture><img src="/a.jpg"></picture></figure>'

    assert render(written) == f"<p>{written.replace('<', '&lt;').replace('>', '&gt;')}</p>\n"


def test_transparent_picture_has_no_colour_behind_it() -> None:
    png = RECORD.facts.model_copy(update={"original": "original-0a1b2c3d.png"})

    assert ' class="tone-013"' in html_of("![](media:p1)")
    assert ' class="see-through"' in render_body("![](media:p1)", {"p1": RECORD.model_copy(update={"facts": png})}).html


def test_texts_of_a_picture_make_no_markup() -> None:
    evil = RECORD.model_copy(update={"alt": '"><script>', "caption": "<script>", "credit": "</span><script>"})

    html = render_body("![](media:p1)", {"p1": evil}).html

    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 3


@pytest.mark.parametrize(
    "facts",
    [
        {"folder": '"><script>'},
        {"stamp": "12345678"},
        {"original": "a.jpg"},
        {"width": 0},
        {"id": "p2"},
        {"folder": "../a"},
    ],
)
def test_record_without_sound_names_is_told(facts: dict[str, object]) -> None:
    assert has_sound_names(RECORD)
    assert not has_sound_names(RECORD.model_copy(update={"facts": RECORD.facts.model_copy(update=facts)}))
