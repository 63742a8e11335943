"""Snippets: their cut, their marks, and that no text becomes HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search import snippets
from services.search.rules import parse
from services.search.snippets import (
    LENGTH,
    SEARCHED_AT_LEAST,
    SEARCHED_IN_ALL,
    Matcher,
    Neighbourhood,
    is_near,
    snippet_html,
)

LONG = (
    "The ferry left at dawn. " * 40
    + "A keeper of mangroves waits by the salt pans. "
    + "It was late in the year. " * 40
)


def shown(q: str, text: str, *, forgiving: bool = False) -> str:
    return snippet_html(text, Matcher(parse(q), forgiving=forgiving))


def test_snippet_shows_the_place_where_words_are_close_together() -> None:
    snippet = shown("mangrove salt ", LONG)

    assert "<mark>mangroves</mark> waits by the <mark>salt</mark>" in snippet
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert len(snippet) < LENGTH + 60


@pytest.mark.parametrize(
    ("q", "marked"),
    [("mangr", "mangroves"), ("kéeper ", "keeper"), ('"salt pans"', "pans"), ("KEEPERS ", "keeper")],
)
def test_begun_folded_or_inflected_word_is_marked(q: str, marked: str) -> None:
    assert f"<mark>{marked}</mark>" in shown(q, LONG)


def test_misspelt_word_is_marked_only_when_forgiven() -> None:
    assert "<mark>" not in shown("mangrvoes ", LONG)
    assert "<mark>mangroves</mark>" in shown("mangrvoes ", LONG, forgiving=True)
    assert "<mark>mangroves</mark>" in shown("mangrvo", LONG, forgiving=True)


def test_arabic_is_marked_as_written() -> None:
    assert shown("مكتبه ", "زار المَكْتَبَةَ اليوم") == "زار <mark>المَكْتَبَةَ</mark> اليوم"


@pytest.mark.parametrize(
    ("q", "text", "expected"),
    [
        ("東京", "夜の東京タワー", "夜の<mark>東京</mark>タワー"),
        ("タワー", "東京タワーの夜", "東京<mark>タワー</mark>の夜"),
        ("夜 ", "東京タワーの夜", "東京タワーの<mark>夜</mark>"),
        ('"京タワー"', "東京タワーの夜", "東<mark>京タワー</mark>の夜"),
        ("上海市 ", "海市蜃楼、上海市", "海市蜃楼、<mark>上海市</mark>"),
        ("上海", "Shanghai上海2026", "Shanghai<mark>上海</mark>2026"),
        ("shanghai ", "Shanghai上海2026", "<mark>Shanghai</mark>上海2026"),
        ("2026 上海", "Shanghai上海2026", "Shanghai<mark>上海</mark><mark>2026</mark>"),
        ("東京 京都 ", "東京都", "<mark>東京</mark><mark>都</mark>"),
        ("ダム ", "黒部ﾀﾞﾑへ", "黒部<mark>ﾀﾞﾑ</mark>へ"),
        ("서울 ", "나는 서울은", "나는 <mark>서울</mark>은"),
        ("서우", "나는 서울은", "나는 <mark>서울</mark>은"),
        ("น้ำ ", "ตลาดน้ำวันนี้", "ตลาด<mark>น้ำ</mark>วันนี้"),
        ("ลา", "ประเทศลาวเก่า", "ประเทศ<mark>ลา</mark>วเก่า"),
        ("ភ្នំពេញ", "ទីក្រុងភ្នំ\u200bពេញ", "ទីក្រុង<mark>ភ្នំ\u200bពេញ</mark>"),
        ("မြန်မာ", "ယနေ့မြန်မာ", "ယနေ့<mark>မြန်မာ</mark>"),
        ("上海", "<b>上海</b>", "&lt;b&gt;<mark>上海</mark>&lt;/b&gt;"),
    ],
)
def test_unspaced_run_is_marked_at_its_own_characters(q: str, text: str, expected: str) -> None:
    assert shown(q, text) == expected


def test_unspaced_text_is_cut_around_the_hit() -> None:
    snippet = shown("上海", "東" * 700 + "上海" + "京" * 700)

    assert snippet == "… " + "東" * 50 + "<mark>上海</mark>" + "京" * (LENGTH - 52) + " …"


def test_cut_never_parts_a_character_from_its_marks() -> None:
    snippet = shown("ลาว", "ที่" * 300 + "ลาว" + "ที่" * 300)

    assert snippet.startswith("… ที่")
    assert snippet.endswith("ที่ …")


@given(
    st.text(max_size=60) | st.text(alphabet="東京ที่서\u200b a", max_size=8),
    st.text(max_size=400) | st.text(alphabet="東京ที่서\u200b a<", max_size=600),
)
def test_snippet_has_no_html_but_marks(q: str, text: str) -> None:
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
def test_near_words_are_one_edit_apart(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is near
    assert is_near(other, one) is near


def test_text_read_for_misspelt_words_is_bounded_for_a_whole_page() -> None:
    matcher = Matcher(parse("harbuormaster lihgthouse desaliination "), forgiving=True)
    text = "word " * 2_400

    read = []
    for _ in range(100):
        snippet_html(text, matcher)
        read.append(matcher.searched)

    assert read[19] == SEARCHED_IN_ALL == 20 * len(text)
    assert read[99] == SEARCHED_IN_ALL + 80 * SEARCHED_AT_LEAST


def test_comparisons_of_misspelt_words_do_not_grow_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counted(one: str, other: str, *, begun: bool = False) -> bool:
        nonlocal compared
        compared += 1
        return is_near(one, other, begun=begun)

    monkeypatch.setattr(snippets, "is_near", counted)
    different = [f"{first}{second}rbour{third}" for first in "bcdfgh" for second in "aeiou" for third in "lmnpqrstvw"]
    meant = [f"{word[0]}x{word[2:7]}z" for word in different[:24]]

    assert not any(word in Neighbourhood(meant, meant[-1]) for word in different)
    assert compared < len(different) / 2


words = st.text("abc", min_size=3, max_size=7)


@given(st.lists(words.filter(lambda word: len(word) > 3), min_size=1, max_size=4), words, st.booleans())
def test_neighbourhood_holds_the_words_one_edit_away(meant: list[str], form: str, typing: bool) -> None:
    begun = meant[-1] if typing else ""

    near = form in Neighbourhood(meant, begun)

    assert near == any(is_near(form, word, begun=word == begun) for word in meant)
