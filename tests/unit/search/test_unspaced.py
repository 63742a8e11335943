"""Scripts without spaces: runs, characters with their marks, pairs, and the borders to other scripts."""

import pytest

from services.search import unspaced
from services.search.analysis import Word, analyse, single_characters, terms, written
from services.search.unspaced import BOUNDARY, Run, characters, fold, read_run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京タワーの夜", ["東京", "京タ", "タワ", "ワー", "ーの", "の夜"]),
        ("夜", ["夜"]),
        ("夜、東京", ["夜", "東京"]),
        ("Shanghai上海2026", ["Shanghai", "上海", "2026"]),
        ("上海，2026年的Expo", ["上海", "2026", "年的", "Expo"]),
        ("서울은 좋다", ["서울", "울은", "좋다"]),
        ("ตลาดน้ำ", ["ตล", "ลา", "าด", "ดน้", "น้ำ"]),
        ("ປະເທດລາວ", ["ປະ", "ະເ", "ເທ", "ທດ", "ດລ", "ລາ", "າວ"]),
        ("ភ្នំពេញ", ["ភ្នំពេ", "ពេញ"]),
        ("မြန်မာ", ["မြန်", "န်မာ"]),
        ("𠮷野家", ["𠮷野", "野家"]),
        ("زار القرية, café", ["زار", "القرية", "café"]),
        ("", []),
    ],
)
def test_text_becomes_words_and_pairs_in_order(text: str, expected: list[str]) -> None:
    assert written(text) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("ที่นี่", ["ที่", "นี่"]),
        ("ภูมิ", ["ภู", "มิ"]),
        ("ភ្នំ", ["ភ្នំ"]),
        ("သတ္တိ", ["သ", "တ္တိ"]),
        ("か\u3099く", ["か\u3099", "く"]),
        ("ﾀﾞﾑ", ["ﾀﾞ", "ﾑ"]),
        ("\u1109\u1165\u110b\u116e\u11af", ["\u1109\u1165", "\u110b\u116e\u11af"]),
        ("ភ្នំ\u200bពេញ", ["ភ្នំ\u200b", "ពេ", "ញ"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
    ],
)
def test_character_keeps_its_marks(run: str, expected: list[str]) -> None:
    assert characters(run) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﾀﾞﾑ", "ダム"),
        ("か\u3099", "が"),
        ("葛\U000e0100城", "葛城"),
        ("\uf9e3", "\u6ce5"),  # a compatibility ideograph
        ("ភ្នំ\u200bពេញ", "ភ្នំពេញ"),
        ("\u1109\u1165\u110b\u116e\u11af", "서울"),
    ],
)
def test_spellings_of_one_run_fold_alike(one: str, other: str) -> None:
    assert read_run(one) == read_run(other)


@pytest.mark.parametrize(("one", "other"), [("か", "が"), ("東", "京"), ("あ", "ア"), ("ที", "ที่")])
def test_different_characters_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_unfinished_hangul_syllable_begins_the_whole_one() -> None:
    assert fold("울").startswith(fold("우"))
    assert fold("우").startswith(fold("ㅇ"))


def test_every_letter_folds_to_one_token_of_the_index() -> None:
    letters = [chr(code) for code in (*range(0x0E00, 0x10000), *range(0x20000, 0x20100)) if not 0xD800 <= code < 0xE000]
    folded = {letter: fold(letter) for letter in letters if unspaced.RUNS.match(letter)}

    assert len(folded) > 40_000
    assert {letter: text for letter, text in folded.items() if len(text.split()) != 1 or text.split() != [text]} == {}


@pytest.mark.parametrize("word", ["東京", "서울", "น้ำ", "ພາ", "ပြည်", "ភ្នំពេ"])
def test_pair_has_the_terms_of_its_folded_characters(word: str) -> None:
    (pair,) = read_run(word).pairs

    assert analyse(word) == Word(pair, pair)


def test_question_holds_words_and_runs_in_order() -> None:
    assert list(terms("Shanghai上海 夜")) == [Word("shanghai", "shanghai"), Run(("上", "海")), Run(("夜",))]


def test_single_characters_are_those_of_unspaced_runs_alone() -> None:
    assert single_characters("Café in 上海, 서울上") == {"上", "海", fold("서"), fold("울")}


def test_boundary_is_before_a_character_and_never_before_a_mark() -> None:
    assert [found.start() for found in BOUNDARY.finditer("a上海")] == [1, 2]
    assert [found.start() for found in BOUNDARY.finditer("ភ្នំពេញ")] == [0, 4, 6]
