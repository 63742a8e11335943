"""Bidirectional controls in editors' and readers' texts turn nothing outside these texts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rendering.feeds.sitemaps import as_news
from services.rendering.feeds.syndication import Syndication
from services.rendering.pages.language import Languages
from shared.events import ArticleState, Correction, Picture
from shared.http.ready_response import DateLine
from shared.site.site import load_site
from shared.text import close_marks
from tests.support import look_samples as samples
from tests.support.html_pages import rendered

RLE, PDF, RLO, RLI, FSI, PDI = "\u202b", "\u202c", "\u202e", "\u2067", "\u2068", "\u2069"
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain مرحبا", "plain مرحبا"),
        (f"end{RLE}", f"end{RLE}{PDF}"),
        (f"end{RLO}", f"end{RLO}{PDF}"),
        (f"{RLO}all", f"{RLO}all{PDF}"),
        (f"{RLI}one{RLE}two", f"{RLI}one{RLE}two{PDF}{PDI}"),
        (f"{RLE}one{PDF} two", f"{RLE}one{PDF} two"),
        (f"{FSI}one{PDI} two", f"{FSI}one{PDI} two"),
        (f"one{PDF} two{PDI}", "one two"),
        (f"{RLI}one{PDF} two{PDI}", f"{RLI}one two{PDI}"),
        (f"{RLI}one{RLE}two{PDI} three{PDF}", f"{RLI}one{RLE}two{PDI} three"),
    ],
)
def test_controls_of_a_text_are_closed(text: str, wanted: str) -> None:
    assert close_marks(text) == wanted


@given(st.text(alphabet=CONTROLS + "aب "))
def test_closed_text_is_balanced_and_keeps_its_letters(text: str) -> None:
    found = close_marks(text)

    assert close_marks(found) == found
    assert [sign for sign in found if sign not in CONTROLS] == [sign for sign in text if sign not in CONTROLS]


@pytest.mark.parametrize("control", [RLE, RLO, PDI])
def test_controls_are_closed_in_every_text_and_attribute_of_a_page(control: str) -> None:
    texts = [text for page in rendered(f"A name{control}") for text in _texts(page)]

    assert any("A name" in text for text in texts)
    assert [text for text in texts if close_marks(text) != text] == []


def _texts(page: str) -> Iterator[str]:
    """Texts, attributes and strings of linked data, one by one."""
    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        yield from filter(None, (element.text, element.tail, *element.attrib.values()))
        if element.get("type") == "application/ld+json":
            yield from _strings(json.loads(element.text or ""))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def test_values_in_phrases_are_closed_before_the_words_go_on() -> None:
    words = Languages("en").of_site.text("reply.to", name=f"Tom{RLO}")

    assert words == f"to Tom{RLO}{PDF}"
    assert f"Tom{RLO}{PDF} for World Monitor" in Languages("en").of_site.text(
        "list.author_about", name=f"Tom{RLO}", site="World Monitor"
    )


def test_feeds_close_the_controls_of_every_text() -> None:
    text = f"A name{RLO}"
    picture = Picture(url="/media/a.jpg", alt=text, caption=text, credit=text)
    article = ArticleState(
        id="a", version=1, status="published", slug="a", url="/world/a", headline=text, section="world",
        standfirst=text, body_html="<p>Text.</p>", bylines=(text,), tags=(text,), lead_image=picture,
        corrections=(Correction(note=text, at=NOON),), created_at=NOON, updated_at=NOON, published_at=NOON,
    )  # fmt: skip

    item = Syndication(load_site(None), "https://monitor.example", "", DateLine(), lambda: NOON)._item(article)

    assert item.picture is not None
    plain = (item.title, item.summary, item.authors[0].text, item.topics[-1], item.picture.alt, item.picture.credit)
    assert set(plain) == {text + PDF}
    assert item.content_html.count(text) == item.content_html.count(text + PDF) == 4


def test_the_news_sitemap_closes_the_controls_of_headlines() -> None:

    written = as_news(
        "World Monitor", "https://monitor.example", [replace(samples.card(0), headline=f"Headline{RLO}")]
    ).decode()

    assert f"Headline{RLO}{PDF}<" in written
