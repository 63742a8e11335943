"""Words: what counts as the same one."""

import pytest

from services.search.analysis import analyse, text_of, words


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
def test_two_ways_to_write_a_word_have_one_stem(written: str, looked_for: str) -> None:
    assert analyse(written).stem == analyse(looked_for).stem


@pytest.mark.parametrize(("one", "other"), [("port", "part"), ("كتاب", "باب"), ("salt", "sale")])
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert analyse(one).stem != analyse(other).stem


def test_a_form_keeps_the_ending_that_a_reader_may_be_typing() -> None:
    assert analyse("Gouvernements").form == "gouvernements"
    assert analyse("المكتبة").form == "مكتبه"


def test_marks_and_signs_part_words_and_vowel_marks_do_not() -> None:
    assert [word.form for word in words("well-known: «كِتَابٌ»; 3.5_km")] == ["well", "known", "كتاب", "3", "5", "km"]


def test_a_body_is_read_as_a_reader_reads_it() -> None:
    html = '<p>Sea<strong>gulls</strong> &amp; <a href="/x" title="a > b">terns</a></p><h2>Nests</h2><p>in May<br>and June</p>'

    assert text_of(html) == "Seagulls & terns Nests in May and June"
