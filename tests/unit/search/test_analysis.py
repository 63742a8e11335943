"""Words: which written forms are one word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.analysis import FORMS, STEMS, Word, analyse, terms, text_of, words_that_begin_with, written_words


@pytest.mark.parametrize(
    ("written", "looked_for"),
    [
        ("Café", "cafe"),
        ("Cafe\u0301", "café"),
        ("mangroves", "Mangrove"),
        ("flooding", "floods"),
        ("Nairobi’s", "nairobi"),
        ("Straße", "strasse"),
        ("٢٠٢٦", "2026"),
        ("๒๐๒๖", "2026"),
        ("២០២៦", "2026"),
        ("المكتبة", "مكتبة"),
        ("المكتبة", "المكتبه"),
        ("المكتبات", "مكتبة"),
        ("والكتاب", "كتاب"),
        ("بالمكتبة", "مكتبة"),
        ("للمدرسة", "المدرسة"),
        ("أحمد", "احمد"),
        ("إلى", "الي"),
        ("مُحَمَّدٌ", "محمد"),
        ("محـــمد", "محمد"),
        ("مصرية", "المصري"),
    ],
)
def test_spellings_and_inflections_of_a_word_share_a_stem(written: str, looked_for: str) -> None:
    assert analyse(written).stem == analyse(looked_for).stem


@pytest.mark.parametrize(("one", "other"), [("port", "part"), ("كتاب", "باب"), ("salt", "sale")])
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert analyse(one).stem != analyse(other).stem


def test_form_keeps_its_ending_for_a_reader_who_types() -> None:
    assert analyse("Gouvernements").form == "gouvernements"
    assert analyse("المكتبة").form == "مكتبه"


def test_punctuation_splits_words_and_vowel_marks_do_not() -> None:
    found = [term.form for term in terms("well-known: «كِتَابٌ»; 3.5_km") if isinstance(term, Word)]

    assert found == ["well", "known", "كتاب", "3", "5", "km"]


def test_inline_tags_join_letters_and_block_tags_split_words() -> None:
    html = '<p>Sea<strong>gulls</strong> &amp; <a href="/x" title="a > b">terns</a></p><h2>Nests</h2><p>in May<br>and June</p>'

    assert text_of(html) == "Seagulls & terns Nests in May and June"


@given(
    text=st.text(alphabet="abzABZ éÉßİıK'’._-–1٣كمةل東ที\u0301\u0651", max_size=60),
    letters=st.sets(st.sampled_from("abzk1كمs"), max_size=3),
)
def test_first_letter_pattern_misses_no_word_with_such_a_face(text: str, letters: set[str]) -> None:
    wanted = {found.span() for found in written_words(text) if {STEMS[found[0]][:1], FORMS[found[0]][:1]} & letters}

    assert wanted <= {found.span() for found in written_words(text, words_that_begin_with(letters))}


def test_first_letter_pattern_skips_other_words() -> None:
    found = [word[0] for word in written_words("Basalt and a barn, the rebar's bar’s b", words_that_begin_with({"b"}))]

    assert found == ["Basalt", "barn", "bar’s", "b"]
