"""Snippets: where they are cut, what they mark, and that nothing of a text becomes HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.rules import parse
from services.search.snippets import LENGTH, Matcher, is_near, snippet_html

LONG = (
    "The ferry left at dawn. " * 40
    + "A keeper of mangroves waits by the salt pans. "
    + "It was late in the year. " * 40
)


def shown(q: str, text: str, *, forgiving: bool = False) -> str:
    return snippet_html(text, Matcher(parse(q), forgiving=forgiving))


def test_it_shows_the_place_where_the_words_stand_together() -> None:
    snippet = shown("mangrove salt ", LONG)

    assert "<mark>mangroves</mark> waits by the <mark>salt</mark>" in snippet
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert len(snippet) < LENGTH + 60


@pytest.mark.parametrize(
    ("q", "marked"),
    [("mangr", "mangroves"), ("kéeper ", "keeper"), ('"salt pans"', "pans"), ("KEEPERS ", "keeper")],
)
def test_what_was_begun_folded_or_inflected_is_marked(q: str, marked: str) -> None:
    assert f"<mark>{marked}</mark>" in shown(q, LONG)


def test_a_misspelt_word_is_marked_when_it_was_forgiven() -> None:
    assert "<mark>" not in shown("mangrvoes ", LONG)
    assert "<mark>mangroves</mark>" in shown("mangrvoes ", LONG, forgiving=True)
    assert "<mark>mangroves</mark>" in shown("mangrvo", LONG, forgiving=True)


def test_arabic_is_marked_as_it_is_written() -> None:
    assert shown("مكتبه ", "زار المَكْتَبَةَ اليوم") == "زار <mark>المَكْتَبَةَ</mark> اليوم"


@given(st.text(max_size=60), st.text(max_size=400))
def test_nothing_but_marks_is_html(q: str, text: str) -> None:
    bare = shown(q, text, forgiving=True).replace("<mark>", "").replace("</mark>", "")

    assert "<" not in bare
    assert ">" not in bare
    assert '"' not in bare


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("harbour", "harbour", True),
        ("harbour", "harbuor", True),
        ("harbour", "harbor", True),
        ("harbour", "harbours", True),
        ("harbour", "herbour", True),
        ("harbour", "arbour", True),
        ("harbour", "arbor", False),
        ("harbour", "hrabuor", False),
    ],
)
def test_near_is_one_edit(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is near
    assert is_near(other, one) is near
