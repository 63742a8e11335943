"""Scripts that are searched by overlapping pairs of characters (bigrams): no space marks their words.

Han, kana, Bopomofo, Thai, Lao, Khmer and Burmese. Hangul too: its spaces part phrases, and particles are joined to words
(서울은). Pairs need no dictionary and find every part of a text that is two characters or longer. One character alone is a
term of the fields without positions (`store.py`); there it costs no more than the different characters of an article.

A character is a letter with its combining marks (vowels, tones, subjoined consonants), so that a pair never splits a syllable.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

_WITH_MARKS = (  # Thai, Lao, Burmese, Khmer; without their digits and punctuation
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"
    "\u1780-\u17d3\u17d7\u17dc\u17dd"
)
_HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb\uffa0-\uffdc"
_KANA_AND_HAN = (
    "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u3105-\u312f\u31a0-\u31bf"
)
_LETTER = _WITH_MARKS + _HANGUL + _KANA_AND_HAN
# Invisible: word boundaries of Khmer and Burmese typists, joiners, variants of one Han character.
_IGNORED = "\u200b-\u200d\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef"
_COMBINING = "".join(
    letter for letter in map(chr, range(0x0E00, 0xAA80)) if unicodedata.category(letter) in ("Mn", "Mc")
)
# Voicing marks of kana, and the vowels and finals of a Hangul syllable that is written as its parts.
_MARK = rf"{re.escape(_COMBINING)}\uff9e\uff9f\u1160-\u11ff\ud7b0-\ud7fb{_IGNORED}"
# The Khmer and Burmese signs that join the following consonant to the syllable.
_JOINER = "\u17d2\u1039"

RUNS = re.compile(f"([{_LETTER}][{_LETTER}{_IGNORED}]*)")
"""Finds the runs of these scripts in a text; one group, for `split`."""
_CHARACTER = re.compile(rf"[\s\S](?:[{_JOINER}][{_LETTER}]|[{_MARK}])*")
BOUNDARY = re.compile(rf"(?<![{_JOINER}])(?![{_MARK}])(?=[{_LETTER}])")
"""Finds the places before a character of these scripts, where a text may be cut."""
_IS_HANGUL = re.compile(f"[{_HANGUL}]")
_VISIBLE = re.compile(f"[^{_IGNORED}]+")


class Run(NamedTuple):
    """A run of these scripts in a question, as its folded characters."""

    characters: tuple[str, ...]

    @property
    def is_single(self) -> bool:
        """Whether it is one character, which an index holds apart from pairs."""
        return len(self.characters) == 1

    @property
    def pairs(self) -> list[str]:
        """Its terms in the fields with positions, in order."""
        return pairs_of(self.characters)


def read_run(run: str) -> Run:
    """A run as it is written, folded."""
    return Run(tuple(map(fold, characters(run))))


def first_letter(run: Run, typing: bool) -> str:
    """The letter of a composed text (NFKC) at which the run may begin; "" for any, before a Hangul syllable is finished."""
    first = unicodedata.normalize("NFKC", run.characters[0])[0]
    return "" if typing and run.is_single and _IS_HANGUL.match(first) else first


def characters(run: str) -> list[str]:
    """The characters of a run, as they are written, with their marks."""
    return _CHARACTER.findall(run)


def located_characters(run: str) -> list[re.Match[str]]:
    """The characters of a run with their places in it."""
    return list(_CHARACTER.finditer(run))


def pairs_of(characters: Sequence[str]) -> list[str]:
    """Each character with the next one; a character that is alone stays alone."""
    return [one + next_one for one, next_one in pairwise(characters)] or list(characters)


@lru_cache(65_536)
def fold(character: str) -> str:
    """A character in one spelling: widths and compatibility forms unified, invisible marks left out.

    A Hangul syllable is taken apart, so that a syllable that is being typed (우) is the beginning of the whole one (울).
    """
    visible = "".join(_VISIBLE.findall(character))
    return unicodedata.normalize("NFKD" if _IS_HANGUL.match(visible) else "NFKC", visible)
