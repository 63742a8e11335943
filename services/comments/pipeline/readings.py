"""Possible readings of a piece of text, with its disguises removed. `word_list.py` looks them up.

A reading is a text with a sign in front. The sign says which disguise was removed. A listed word has forms with the same
signs (`forms`), so that a look-up in one dictionary is enough.

| sign | reading | for |
|------|---------|-----|
| `=` | plain letters; digits and signs as letters; parts joined | `Casino`, `c4$ino`, `ca-sino`, `casino` with a zero-width space |
| `~` | letters by their shape, where scripts are mixed | `саsino` with Cyrillic letters |
| `!` | the same for a word of one script | the text's other words must have another script |
| `'` | letters without accents | `càsinó`; one accent in a short word makes another word (`año`) |
| `:` | one of each run of a letter | `casiiino` |
| `*` | a letter hidden by a sign | `c*sino`, `c****o` |
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from services.comments.pipeline.letter_shapes import (
    LEET_READINGS,
    LEET_SIGNS,
    accents,
    base,
    plain,
    scripts,
    seen,
    shape,
    squeeze,
)
from shared.text import INVISIBLE

# Letters and digits; in scripts of South and South East Asia also vowel signs, which `\w` lacks.
_SIGNS_OF_ASIA = (
    r"\u0900-\u0963\u0966-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3"
)
_LETTER = rf"(?:[^\W_]|[{_SIGNS_OF_ASIA}])"
WORDS = re.compile(f"{_LETTER}+")

# All patterns are linear: a match begins where a run of letters or signs begins, and possessive parts (`++`) give nothing back.
_RUN = re.compile(r"(.)\1\1")
_LEET = re.compile(rf"[0-9{LEET_SIGNS}]")
_LEET_PIECE = re.compile(
    rf"(?<![^\W_])(?<![{LEET_SIGNS}])[{LEET_SIGNS}]{{0,3}}[^\W_]++(?:[{LEET_SIGNS}]{{1,3}}[^\W_]++)*+[@$€]{{0,3}}"
)
_MASKS = re.compile(r"[*#%•]")
_MASKED = re.compile(r"(?<![^\W\d_])[^\W\d_]++[*#%•]++[^\W\d_]++")
# Joiners that stand inside disguised words, seldom between honest ones: no full stop, whose space is often forgotten.
_JOINED = re.compile(rf"(?<!{_LETTER}){_LETTER}++(?:[-_~*'’·•|^=+]{_LETTER}++)++")
_SYLLABLES = re.compile(rf"(?<!{_LETTER}){_LETTER}{{1,2}}(?:[\W_]{_LETTER}{{1,2}}){{2,}}(?!{_LETTER})")
_LONE = rf"(?:{_LETTER}|[{LEET_SIGNS}])"
# An exclamation mark may stand for a letter, and also end the word.
_SPELLED = re.compile(rf"(?<!{_LETTER})(?<![@$€]){_LONE}(?:(?:_|[^\w{LEET_SIGNS}]){{1,6}}{_LONE})+(?!{_LETTER}|[@$€])")
_ONE = re.compile(_LONE)
_GAPS = dict.fromkeys(map(ord, INVISIBLE), " ")
# The article and what is written together with it. Before words of four letters "and" as well.
_ARABIC_PREFIX = re.compile(r"[وف]?(?:[بك]?ال|لل)")
_SHORT = 4
_SHORTEST_DISGUISED = 3
_LONGEST_KEPT = 32


def readings(chunk: str) -> tuple[str, ...]:
    """The readings of a text without white space. Its work grows with the length alone."""
    return _kept(chunk) if len(chunk) <= _LONGEST_KEPT else _read(chunk)


def forms(word: str) -> Iterator[str]:
    """The forms under which a listed word is found. `word`: plain letters."""
    bare = base(word)
    yield f"={word}"
    if len(word) > _SHORT:
        yield f"={bare}"  # accents are often left out
    yield from (f"~{shape(word)}", f"!{shape(word)}", f"'{bare}")
    if len(word) >= _SHORT or not word.isascii():
        yield f":{squeeze(word)}"
    if len(word) >= _SHORT:
        yield from (f"*{word[:place]}*{word[place + 1 :]}" for place in range(1, len(word) - 1))
        yield f"*{word[0]}{'*' * (len(word) - 2)}{word[-1]}"


@lru_cache(maxsize=8192)
def _kept(chunk: str) -> tuple[str, ...]:
    return _read(chunk)


def _read(chunk: str) -> tuple[str, ...]:
    if chunk.isascii() and chunk.isalpha():
        return tuple(_of_word(chunk))
    text = seen(chunk)
    found = dict.fromkeys(reading for word in dict.fromkeys(WORDS.findall(text)) for reading in _of_word(word))
    found.update(dict.fromkeys(_of_disguises(text)))
    if len(text) != len(chunk):
        words = dict.fromkeys(WORDS.findall(seen(chunk.translate(_GAPS))))
        found.update(dict.fromkeys(f"={plain(word)}" for word in words))
    return tuple(found)


def _of_word(word: str) -> Iterator[str]:
    """The readings of letters and digits that stand together, from `seen`."""
    letters = plain(word)
    yield f"={letters}"
    if _RUN.search(letters):
        yield f":{squeeze(letters)}"
    if letters.isascii():
        return
    accented = accents(letters)
    if accented > 1 or (accented and len(letters) > _SHORT):
        yield f"'{base(letters)}"
    yield from _of_scripts(word)
    if "\u0600" <= letters[0] <= "\u06ff":
        yield from _without_prefix(letters)


def _of_scripts(word: str) -> Iterator[str]:
    found = scripts(word)
    if len(found) > 1 or "phonetic" in found:
        yield f"~{shape(word)}"
    elif found and found.isdisjoint({"LATIN", "ARABIC"}):
        yield f"!{shape(word)}"


def _without_prefix(letters: str) -> Iterator[str]:
    prefix = _ARABIC_PREFIX.match(letters)
    if prefix and len(letters) - prefix.end() >= _SHORTEST_DISGUISED:
        yield f"={letters[prefix.end() :]}"
    elif letters[0] == "و" and len(letters) > _SHORT:
        yield f"={letters[1:]}"


def _of_disguises(text: str) -> Iterator[str]:
    """The readings of letters together with the signs between them."""
    if _LEET.search(text):
        for piece in dict.fromkeys(_LEET_PIECE.findall(text)):
            yield from _of_leet(piece)
    if _MASKS.search(text):
        yield from (f"*{_MASKS.sub('*', plain(piece))}" for piece in _MASKED.findall(text))
    for joined in (*_JOINED.findall(text), *_SYLLABLES.findall(text)):
        whole = "".join(WORDS.findall(joined))
        if len(whole) >= _SHORT:
            yield from _of_word(whole)


def _of_leet(piece: str) -> Iterator[str]:
    letters = sum(map(str.isalpha, piece))
    signs = len(piece) - letters
    # Numbers, prices and names of roads (A55) are honest.
    if not signs or letters < (2 if len(piece) > _SHORT else signs) or len(piece) < _SHORTEST_DISGUISED:
        return
    for table in LEET_READINGS:
        read = piece.translate(table)
        yield f"={plain(read)}"
        if _RUN.search(read):
            yield f":{squeeze(plain(read))}"
        if not read.isascii():
            yield from _of_scripts(read)


def spelled(text: str) -> Iterator[tuple[str, str]]:
    """Words whose letters stand alone (`v i a g r a`): as typed, and the letters from `seen`.

    Letters in a row with gaps of one length are a word of their own: `I  f u c k  you`.
    """
    for found in _SPELLED.finditer(text):
        letters = [(letter.start(), letter.end()) for letter in _ONE.finditer(found[0])]
        gaps = [after - end for (_, end), (after, _) in itertools.pairwise(letters)]
        for first, last in _evenly_spaced(gaps):
            typed = found[0][letters[first][0] : letters[last][1]]
            yield typed, "".join(_ONE.findall(seen(typed)))


def _evenly_spaced(gaps: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last letter of each row of equal gaps, and of all letters."""
    first = 0
    for number in range(1, len(gaps) + 1):
        if number == len(gaps) or gaps[number] != gaps[first]:
            if first or number < len(gaps):
                yield first, number
            first = number
    yield 0, len(gaps)
