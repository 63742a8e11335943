"""Rules for text that people send, for all services: what is refused, what is tidied, and whether there is anything to see.

The rules apply to input only. Stored texts and old events are never checked again.

| rule         | for                                             | lines | direction marks             |
|--------------|-------------------------------------------------|-------|-----------------------------|
| EDITOR_LINE  | headline, standfirst, byline, tag, caption, note | one   | unpaired ones are refused   |
| EDITOR_PROSE | Markdown of an article                          | many  | kept: a block ends them     |
| READER_LINE  | a reader's name, e-mail address, website        | one   | all are refused             |
| READER_PROSE | comment, letter                                 | many  | unpaired ones are removed   |
| SEARCH_LINE  | words to look for                               | one   | kept: they are never shown  |

All rules refuse control characters, lone surrogates and the noncharacters that XML 1.0 lacks, since a feed with one of
them cannot be read (https://www.w3.org/TR/xml/#charsets). A tab and a line break are fine in prose.

All rules refuse more than MOST_MARKS marks on one letter: the work of composition grows with the square of their number.
Callers check `is_far_too_long` first.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

Marks = Literal["keep", "refuse unpaired", "remove unpaired", "refuse"]

# Written languages need four (Tibetan and Hebrew have the most). Unicode's own limit for streams is 30 (UAX 15, section 13).
MOST_MARKS = 30
# The last character that can be reordered, in Unicode 16; `tests/unit/shared/test_text.py` compares it with Python's data.
LAST_MARK = 0x1E94A
# Tidying shortens a text to a third at most (three jamo become one syllable), apart from white space.
_MOST_SHORTENED = 4

# Marks that turn the direction of the text after them, until their partner (https://www.unicode.org/reports/tr9/).
# The harmless ones are not here: U+200E, U+200F and U+061C act on their place alone.
_EMBEDDINGS = frozenset("\u202a\u202b\u202d\u202e")
_POP_EMBEDDING = "\u202c"
_ISOLATES = frozenset("\u2066\u2067\u2068")
_POP_ISOLATE = "\u2069"
DIRECTION_MARKS = _EMBEDDINGS | _ISOLATES | {_POP_EMBEDDING, _POP_ISOLATE}

# For the rendering of every text: faster than a look at each character.
_MARK = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\u0085]")
_GAPS = re.compile(r"\s+")
_REFUSED_IN_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_REFUSED_IN_PROSE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt of Unicode 16), as first and last of each range.
# Four of them are letters by category: the Hangul fillers U+115F, U+1160, U+3164 and U+FFA0.
_DEFAULT_IGNORABLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
# Symbols with an empty glyph: braille blank, object replacement, musical null notehead.
_EMPTY_SYMBOLS = "\u2800\ufffc\U0001d159"
_NONCHARACTERS = (
    *range(0xFDD0, 0xFDF0),
    *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
)
INVISIBLE = frozenset(_EMPTY_SYMBOLS).union(
    (chr(code) for first, last in _DEFAULT_IGNORABLE for code in range(first, last + 1)), map(chr, _NONCHARACTERS)
)
# White_Space is within Z and Cc. A mark (M) needs a letter to stand on. Private use (Co) has no agreed glyph.
_BLANK_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zs", "Zl", "Zp", "Mn", "Mc", "Me"})


@dataclass(frozen=True)
class TextRule:
    """The rule of one kind of text; the table above has all of them. `indented`: spaces at the start have a meaning."""

    lines: Literal["one", "many"]
    marks: Marks
    indented: bool = False


EDITOR_LINE = TextRule("one", "refuse unpaired")
EDITOR_PROSE = TextRule("many", "keep", indented=True)
READER_LINE = TextRule("one", "refuse")
READER_PROSE = TextRule("many", "remove unpaired")
SEARCH_LINE = TextRule("one", "keep")


class TextRefused(ValueError):
    """The text breaks its rule. The message is a sentence for the person who sent it."""


def tidy(text: str, rule: TextRule) -> str:
    """The text in composed form (NFC), without white space around it; empty when there is nothing to see in it.

    One line has single spaces; prose has `\\n` as its line break. Raises TextRefused.
    """
    _refuse_stacks(text)
    # Marks first: letters and spaces around a removed mark become neighbours.
    text = unicodedata.normalize("NFC", _with_marks(_BREAKS.sub("\n", text), rule.marks))
    text = _tidy_line(text) if rule.lines == "one" else _tidy_prose(text, rule.indented)
    return "" if is_blank(text) else text


def is_far_too_long(text: str, longest: int) -> bool:
    """Whether no tidying can bring the text to `longest` characters: it is then refused before any work is done."""
    return len(text) > _MOST_SHORTENED * longest


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in it. A code point that Python does not know yet, such as a new emoji, is visible."""
    return all(unicodedata.category(character) in _BLANK_CATEGORIES or character in INVISIBLE for character in text)


def fold(text: str) -> str:
    """The form in which texts are compared: `Café` and `CAFÉ` are one tag."""
    return unicodedata.normalize("NFC", text.casefold())


def unpaired_marks(line: str) -> list[int]:
    """Positions of direction marks without a partner in this line."""
    opened, lone = match_marks(line)
    return sorted(lone + opened)


def close_marks(text: str) -> str:
    """The text with its open direction marks closed at its end, and without marks that close nothing.

    For every text from people that is shown: it then cannot turn the text around it, also where there is no markup (titles,
    attributes, linked data, feeds). Balanced text stays as it is.
    """
    if not _MARK.search(text):
        return text
    opened, lone = match_marks(text)
    ends = (_POP_ISOLATE if text[position] in _ISOLATES else _POP_EMBEDDING for position in reversed(opened))
    return _without(text, lone) + "".join(ends)


def match_marks(text: str) -> tuple[list[int], list[int]]:
    """Positions of the direction marks that stay open, outermost first, and of those that close nothing.

    UAX 9, rules X2 to X7, without its limit of depth.
    """
    opened: list[int] = []
    isolates = 0
    lone: list[int] = []
    for position, character in enumerate(text):
        if character in _EMBEDDINGS:
            opened.append(position)
        elif character in _ISOLATES:
            opened.append(position)
            isolates += 1
        elif character == _POP_EMBEDDING and opened and text[opened[-1]] in _EMBEDDINGS:
            opened.pop()
        elif character == _POP_ISOLATE and isolates:
            # The end of an isolate also ends the embeddings inside it.
            while text[opened.pop()] in _EMBEDDINGS:
                pass
            isolates -= 1
        elif character in (_POP_EMBEDDING, _POP_ISOLATE):
            lone.append(position)
    return opened, lone


def _refuse_stacks(text: str) -> None:
    if not text.isascii() and _stack().search(text):
        raise TextRefused(f"More than {MOST_MARKS} marks stand on one letter.")


@cache
def _stack() -> re.Pattern[str]:
    """Matches more than MOST_MARKS characters that composition has to sort. Made at its first use: it takes some 20 ms.

    Ignorable characters between them do not count: tidying and search take some out, and their neighbours become one stack.
    """
    characters = map(chr, range(0x300, LAST_MARK + 1))
    marks = [mark for mark in characters if unicodedata.category(mark).startswith("M") and is_sorted_mark(mark)]
    usual, rare = ("".join(mark for mark in marks if (mark > "\uffff") is is_rare) for is_rare in (False, True))
    ignorable = "".join(f"{chr(first)}-{chr(last)}" for first, last in _DEFAULT_IGNORABLE)
    # `re` has a table for the usual ones alone, and would try the rare ones in turn for each letter: 0.6 µs, now 0.1.
    mark = f"(?:[{usual}]|(?=[\U00010000-\U0010ffff])[{rare}])"
    # `*+` gives nothing back, so that a refusal stays linear.
    return re.compile(f"(?:{mark}[{ignorable}]*+){{{MOST_MARKS + 1}}}")


def is_sorted_mark(character: str) -> bool:
    """Whether normalisation sorts the character among its neighbours (canonical combining class, UAX 15)."""
    decomposed = unicodedata.normalize("NFD", character)
    return all(unicodedata.combining(part) for part in decomposed)


def _tidy_line(text: str) -> str:
    text = text.strip()
    if _REFUSED_IN_LINES.search(text):
        raise TextRefused("Line breaks and control characters are not allowed.")
    return _GAPS.sub(" ", text)


def _tidy_prose(text: str, indented: bool) -> str:
    if _REFUSED_IN_PROSE.search(text):
        raise TextRefused("Control characters are not allowed.")
    return text.strip("\n").rstrip() if indented else text.strip()


def _with_marks(text: str, marks: Marks) -> str:
    if marks == "keep" or not DIRECTION_MARKS.intersection(text):
        return text
    if marks == "refuse":
        raise TextRefused("Control characters are not allowed.")
    if marks == "remove unpaired":
        # A line break ends a direction, in Unicode as in HTML.
        return "\n".join(_without(line, unpaired_marks(line)) for line in text.split("\n"))
    lone = unpaired_marks(text)
    if lone:
        mark = text[lone[0]]
        raise TextRefused(
            f"U+{ord(mark):04X} ({unicodedata.name(mark)}) has no partner and would turn the direction of the text after it."
        )
    return text


def _without(line: str, positions: list[int]) -> str:
    left_out = set(positions)
    return "".join(character for position, character in enumerate(line) if position not in left_out)
