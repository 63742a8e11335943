"""Words of a text in any script, for comparisons of texts."""

import re
import unicodedata
from functools import cache

# Scripts that put no spaces between words: each character is compared alone.
_SOUTH_EAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_KANA_AND_HAN = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = _SOUTH_EAST_ASIAN + _KANA_AND_HAN
# Apostrophes and joiners stay inside a word.
_INNER = "'\u2019\u200c\u200d\u00b7"
_HIGHEST_MARK = 0x1FFFF


def split_words(text: str) -> list[str]:
    """The words of a text, each with the white space behind it; punctuation marks are words too. Joined, they are the text.

    A word keeps its combining marks (Arabic vowels, Indic signs). White space at the start is a word of its own.
    """
    return _pattern().findall(text)


@cache
def _pattern() -> re.Pattern[str]:
    marks = _marks()
    letter = rf"[^\W{_UNSPACED}]"
    word = f"{letter}[{marks}]*(?:[{_INNER}]*{letter}[{marks}]*)*"
    unspaced = f"[{_UNSPACED}][{marks}]*"
    # White space stands before the first word alone: any other is behind a word.
    return re.compile(rf"(?:{word}|{unspaced}|\S[{marks}]*)\s*|\s+")


def _marks() -> str:
    """The characters that combine with the one before, as ranges of a character class."""
    ranges: list[list[int]] = []
    for point in range(0x300, _HIGHEST_MARK):
        if unicodedata.category(chr(point)).startswith("M"):
            if ranges and ranges[-1][1] == point - 1:
                ranges[-1][1] = point
            else:
                ranges.append([point, point])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
