"""The rules for text that people send: what is refused, tidied, or has nothing to see in it."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import (
    DIRECTION_MARKS,
    EDITOR_LINE,
    EDITOR_PROSE,
    LAST_MARK,
    MOST_MARKS,
    READER_LINE,
    READER_PROSE,
    SEARCH_LINE,
    TextRefused,
    TextRule,
    fold,
    is_blank,
    tidy,
    unpaired_marks,
)

RULES = [EDITOR_LINE, EDITOR_PROSE, READER_LINE, READER_PROSE, SEARCH_LINE]

BLANK = [
    "",
    " ",
    "\t\n",
    "\u00a0",  # no-break space
    "\u00ad",  # soft hyphen
    "\u034f",  # combining grapheme joiner
    "\u115f",  # Hangul choseong filler
    "\u1160",  # Hangul jungseong filler
    "\u180e",  # Mongolian vowel separator
    "\u200b",  # zero width space
    "\u200d\ufeff \u2060",
    "\u200e\u200f\u061c",
    "\u202a\u202c",
    "\u2800",  # braille blank
    "\u3000",  # ideographic space
    "\u3164",  # Hangul filler
    "\uffa0",  # halfwidth Hangul filler
    "\ufe0f",  # variation selector without a base
    "\ufffc",  # object replacement character
    "\U0001d159",  # musical null notehead
    "\U000e0041",  # tag
    "\u0301",  # mark without a base
    "\ue000",  # private use
    "\ufdd0",  # noncharacter
    "\u2800 \u3164\u200b\n",
]

VISIBLE = [
    "a",
    "e\u0301",  # letter with a mark
    "\u0e19\u0e49\u0e33",  # Thai with marks
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian with a zero width non-joiner
    "\u0645\u0631\u0635\u062f",
    "\U0001f469\u200d\U0001f680",  # emoji with a joiner
    "\u2764\ufe0f",  # heart with an emoji selector
    "1\ufe0f\u20e3",  # keycap
    "\u2801",  # braille pattern with a dot
    "\u1160\u1161\u115f\u1100",
    "\ud55c",
    "—",
    "\U0001fae8",  # emoji of Unicode 15
    "\U0001faff",  # unassigned in Unicode 14
    "\u2800a\u3164",
]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_text_without_a_visible_character_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_text_with_a_visible_character_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("text", ["\u2800", "\u3164 \u115f", "\u200b\u00a0", "\uffa0"], ids=ascii)
def test_blank_text_is_tidied_to_nothing(rule: TextRule, text: str) -> None:
    assert tidy(text, rule) == ""


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_visible_text_stays_as_it_is(rule: TextRule, text: str) -> None:
    assert tidy(text, rule) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "character", [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()], ids=ascii
)
def test_white_space_is_blank(character: str) -> None:
    assert is_blank(character)


@pytest.mark.parametrize(
    ("rule", "text", "tidied"),
    [
        (EDITOR_LINE, "  Cafe\u0301\u00a0 noir\u3000x\n", "Caf\u00e9 noir x"),
        (READER_LINE, " Zoe\u0308  Byrne ", "Zo\u00eb Byrne"),
        (SEARCH_LINE, " lake \t fish", None),
        (EDITOR_PROSE, "\r\n    code\r\nb\u2028c \n", "    code\nb\nc"),
        (READER_PROSE, " a\r\nb\rc\u2028d\te ", "a\nb\nc\nd\te"),
    ],
)
def test_text_is_kept_in_one_form(rule: TextRule, text: str, tidied: str | None) -> None:
    if tidied is None:
        with pytest.raises(TextRefused):
            tidy(text, rule)
    else:
        assert tidy(text, rule) == tidied


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1b", "\x7f", "\x9b", "\ud800", "\ufffe", "\uffff"], ids=ascii)
def test_character_that_no_feed_can_hold_is_refused(rule: TextRule, character: str) -> None:
    with pytest.raises(TextRefused, match=r"(?i)control characters"):
        tidy(f"a{character}b", rule)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.lines == "one"], ids=str)
@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_line_break_or_tab_within_a_line_is_refused(rule: TextRule, character: str) -> None:
    with pytest.raises(TextRefused, match="Line breaks"):
        tidy(f"a{character}b", rule)


UNPAIRED = [
    "News\u202e",
    "\u202eNews",
    "a\u202ab",
    "a\u202bb",
    "a\u202db",
    "a\u2066b",
    "a\u2067b",
    "a\u2068b",
    "a\u202cb",
    "a\u2069b",
    "\u202ea\u2069",  # closed by the wrong partner
    "\u2067a\u202c",
    "\u202aa\u202bb\u202c",  # one of two closed
    "\u2068a\u2069\u2069",  # closed twice
]
PAIRED = [
    "\u202aa\u202c",
    "a \u202bb\u202c c",
    "\u2067a\u2069",
    "\u2068a\u2069 and \u2068b\u2069",
    "\u202ba \u2066b\u2069 c\u202c",
    "\u2068a \u202eb\u2069",  # the end of an isolate ends the embeddings in it
]
HARMLESS = ["a\u200e", "\u200fa", "a\u061cb"]


@pytest.mark.parametrize("text", UNPAIRED, ids=ascii)
def test_editors_line_with_an_unpaired_direction_mark_is_refused_by_name(text: str) -> None:
    with pytest.raises(TextRefused) as caught:
        tidy(text, EDITOR_LINE)

    first = text[unpaired_marks(text)[0]]
    assert f"U+{ord(first):04X} ({unicodedata.name(first)})" in str(caught.value)


@pytest.mark.parametrize("text", PAIRED + HARMLESS, ids=ascii)
def test_paired_and_harmless_direction_marks_stay_in_editors_lines(text: str) -> None:
    assert tidy(text, EDITOR_LINE) == text


@pytest.mark.parametrize("text", UNPAIRED + PAIRED, ids=ascii)
def test_readers_line_with_any_direction_mark_is_refused(text: str) -> None:
    with pytest.raises(TextRefused):
        tidy(text, READER_LINE)


@pytest.mark.parametrize("text", HARMLESS, ids=ascii)
def test_harmless_direction_marks_stay_in_readers_lines(text: str) -> None:
    assert tidy(text, READER_LINE) == text


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("a\u202eb", "ab"),
        ("a\u2069b\u202c", "ab"),
        ("\u202e a", "a"),
        ("e\u202e\u0301", "\u00e9"),
        ("\u202ea\r\nb\u202c", "a\nb"),
        ("\u202ea\nb\u202c", "a\nb"),  # a line break ends the direction, so the partner comes too late
        ("\u202aa\u202bb\u202c", "a\u202bb\u202c"),
        *((text, text) for text in PAIRED),
    ],
)
def test_unpaired_direction_marks_are_removed_from_readers_prose(text: str, tidied: str) -> None:
    assert tidy(text, READER_PROSE) == tidied


@given(st.text(st.sampled_from([*sorted(DIRECTION_MARKS), "a", "\n"]), max_size=30))
def test_readers_prose_never_holds_an_unpaired_direction_mark(text: str) -> None:
    tidied = tidy(text, READER_PROSE)

    assert all(unpaired_marks(line) == [] for line in tidied.split("\n"))
    assert tidied.replace("\n", "").count("a") == text.count("a")


@given(st.text(max_size=60), st.sampled_from(RULES))
def test_tidied_text_is_tidy(text: str, rule: TextRule) -> None:
    try:
        tidied = tidy(text, rule)
    except TextRefused:
        return

    assert tidy(tidied, rule) == tidied


def test_folded_texts_compare_without_case_and_form() -> None:
    assert fold("CAFE\u0301") == fold("Caf\u00e9") == "caf\u00e9"


STACKED = [
    "a" + "\u0301" * (MOST_MARKS + 1),
    "one a" + "\u0316\u0301" * 16 + " more",
    "\u0344" * 16 + "\u0301" * 16,  # each is two marks
    "\u0f71" * 40,  # Tibetan vowels
    "a" + "\U0001e8d0\u0301" * 16,  # Mende Kikakui, above U+FFFF
    *(
        "a" + ("\u0301" * 20 + between) * 2
        for between in ("\u034f", "\u200d", "\u200b\u2060", "\u202a\u202c", "\ufe0f")
    ),
]
WRITTEN = [
    "Vi\u1ec7t Nam, th\u00e0nh ph\u1ed1 H\u1ed3 Ch\u00ed Minh",
    "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f\u064c",  # Arabic with vowels
    "\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05b4\u05c1\u0596\u05d9\u05ea",  # Hebrew with points and accents
    "\u0e01\u0e33\u0e25\u0e31\u0e07\u0e43\u0e08",  # Thai
    "\u0f56\u0f66\u0f90\u0fb1\u0f7c\u0f44\u0f66",  # Tibetan
    "\U0001f468\U0001f3fd\u200d\U0001f469\U0001f3fd\u200d\U0001f467\U0001f3fd\ufe0f",  # a family
    "a" + "\u0301" * MOST_MARKS,
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("text", STACKED)
def test_more_marks_than_a_letter_can_have_are_refused(text: str, rule: TextRule) -> None:
    with pytest.raises(TextRefused, match="More than 30 marks"):
        tidy(text, rule)


def test_removed_direction_marks_do_not_make_one_stack_of_several() -> None:
    with pytest.raises(TextRefused, match="More than 30 marks"):
        tidy("a" + ("\u0301" * MOST_MARKS + "\u202a") * 2, READER_PROSE)


@pytest.mark.parametrize("text", WRITTEN)
def test_marks_of_written_languages_are_taken(text: str) -> None:
    assert tidy(text, READER_LINE) == unicodedata.normalize("NFC", text)


def test_no_mark_is_above_the_last_one() -> None:
    assert max(code for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))) <= LAST_MARK
