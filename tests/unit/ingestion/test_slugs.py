"""Slugs: readable, bounded, from any script, numbered without end."""

from itertools import chain, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.articles.slugs import LONGEST, candidates, check_slug, comes_from, make_slug


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("Ferry fares to rise by a tenth", "ferry-fares-to-rise-by-a-tenth"),
        ("Straße, Café & Ærø: 50% off!", "strasse-cafe-aero-50-off"),
        ("Москва готовится", "moskva-gotovitsya"),
        ("東京の朝", "dongjingnochao"),
        ("😀", "grinning"),
        ("—…—", "article"),
        ("ﷺ", "article"),
    ],
)
def test_headline_in_any_script_gets_a_readable_slug(headline: str, slug: str) -> None:
    made = make_slug(headline)

    assert check_slug(made) == made
    if slug != "article":
        assert made == slug


def test_arabic_headline_gets_its_consonants() -> None:
    assert make_slug("حرفٌ يتنفّس").startswith("hrf")


def test_long_headline_is_cut_after_a_word() -> None:
    made = make_slug("of many words " * 20)

    assert len(made) <= 80
    assert set(made.split("-")) == {"of", "many", "words"}


@given(st.text(min_size=1, max_size=200))
def test_every_headline_gives_a_slug_with_room_for_a_number(headline: str) -> None:
    made = make_slug(headline)

    assert check_slug(made) == made
    assert len(made) <= LONGEST - 12


@given(st.text(max_size=120))
def test_chosen_slug_is_unchanged_or_refused(text: str) -> None:
    try:
        assert check_slug(text) == text
    except ValueError:
        return
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize("text", ["", "-a", "a-", "a--b", "A", "a b", "ä", "a/b", "a" * 101, "a.b", "a\n", "٣"])
def test_malformed_slug_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        check_slug(text)


def test_candidates_are_numbered_without_gaps() -> None:
    first = list(islice(chain.from_iterable(candidates("ferry")), 1000))

    assert first == ["ferry", *(f"ferry-{number}" for number in range(2, 1001))]
    assert all(comes_from(slug, "ferry") for slug in first)


@pytest.mark.parametrize("slug", ["ferry-", "ferry-x", "ferry-2-3", "fer", "ferryman", "ferry2"])
def test_slug_of_another_headline_does_not_come_from_this_one(slug: str) -> None:
    assert not comes_from(slug, "ferry")
