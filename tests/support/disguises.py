"""The ways in which people hide a word from a word list, as functions of a word and a source of chance.

The tables are this file's own, so that a test with them does not compare the pipeline with itself.
"""

import random
import unicodedata
from collections.abc import Callable, Mapping, Sequence

Disguise = Callable[[str, random.Random], str]

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2063"
_STROKES = "\u0334\u0335\u0336\u0337\u0338\u0322\u0315\u0489"
_ACCENTS = "\u0300\u0301\u0302\u0308"
_LIKE: Mapping[str, str] = {
    "a": "аɑα", "b": "Ьв", "c": "сϲ", "d": "ԁ", "e": "еε", "h": "һн", "i": "іι", "j": "ј", "k": "кκ", "m": "м", "n": "пη",
    "o": "оοօ", "p": "рρ", "q": "ԛ", "s": "ѕ", "t": "тτ", "u": "υս", "v": "ѵν", "w": "ԝω", "x": "хχ", "y": "уү",
}  # fmt: skip
_LEET: Mapping[str, str] = {"a": "@4", "b": "8", "e": "3", "g": "9", "i": "1!", "l": "1", "o": "0", "s": "$5", "t": "7"}
_HARAKAT = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"


def _some(word: str, chance: random.Random, change: Callable[[str], str], *, ends: bool = True) -> str:
    """The word with a change of some of its letters, of one at least."""
    places = range(len(word)) if ends else range(1, len(word) - 1)
    chosen = set(chance.sample(places, chance.randint(1, max(1, len(places) // 2))))
    return "".join(change(letter) if place in chosen else letter for place, letter in enumerate(word))


def swapped_case(word: str, chance: random.Random) -> str:
    """`CaSInO`."""
    return "".join(chance.choice((letter.lower(), letter.upper())) for letter in word)


def zero_width(word: str, chance: random.Random) -> str:
    """Characters without width between the letters."""
    return word[0] + _some(word[1:], chance, lambda letter: chance.choice(_ZERO_WIDTH) + letter)


def look_alikes(word: str, chance: random.Random) -> str:
    """Some letters of Cyrillic, Greek or Armenian."""
    able = [place for place, letter in enumerate(word) if letter in _LIKE]
    chosen = set(chance.sample(able, chance.randint(1, len(able)))) if able else set()
    chosen = chosen if len(chosen) < len(word) else chosen - {0}
    return "".join(chance.choice(_LIKE[letter]) if place in chosen else letter for place, letter in enumerate(word))


def full_width(word: str, _: random.Random) -> str:
    """Letters as wide as Chinese ones."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in word)


def mathematical(word: str, chance: random.Random) -> str:
    """Letters of formulas: bold, script, double-struck."""
    first = chance.choice((0x1D41A, 0x1D4EA, 0x1D552, 0x1D5EE, 0x1D68A))
    return "".join(chr(first + ord(letter) - 97) if "a" <= letter <= "z" else letter for letter in word)


def leet(word: str, chance: random.Random) -> str:
    """One or two letters as digits or signs."""
    able = [place for place, letter in enumerate(word[:-1]) if letter in _LEET]
    chosen = set(chance.sample(able, min(len(able), chance.randint(1, 2))))
    return "".join(chance.choice(_LEET[letter]) if place in chosen else letter for place, letter in enumerate(word))


def spelled_out(word: str, chance: random.Random) -> str:
    """`c a s i n o`, `c.a.s.i.n.o`, `c🔥a🔥s🔥i🔥n🔥o`."""
    return chance.choice((" ", ".", "-", "_", " . ", "*", "🔥", "/", "\n")).join(word)


def stretched(word: str, chance: random.Random) -> str:
    """`casiiiino`."""
    place = chance.randrange(1, len(word) - 1)
    return word[:place] + word[place] * chance.randint(3, 9) + word[place + 1 :]


def struck_through(word: str, chance: random.Random) -> str:
    """Strokes and dots through the letters, up to a heap of them."""
    return "".join(letter + "".join(chance.choices(_STROKES, k=chance.randint(1, 4))) for letter in word)


def accented(word: str, chance: random.Random) -> str:
    """Accents on several letters."""
    vowels = [place for place, letter in enumerate(word) if letter in "aeiou"]
    marked = "".join(letter + (chance.choice(_ACCENTS) if place in vowels else "") for place, letter in enumerate(word))
    return unicodedata.normalize("NFC", marked)


def masked(word: str, chance: random.Random) -> str:
    """`c*sino`, `c****o`."""
    place = chance.randrange(1, len(word) - 1)
    return chance.choice((f"{word[:place]}*{word[place + 1 :]}", f"{word[0]}{'*' * (len(word) - 2)}{word[-1]}"))


def hyphenated(word: str, chance: random.Random) -> str:
    """`cas-ino`, `ca_sino`."""
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice("-_~·|") + word[place:]


def turned(word: str, _: random.Random) -> str:
    """Typed backwards, shown forwards."""
    return f"\u202e{word[::-1]}\u202c"


def vowelled(word: str, chance: random.Random) -> str:
    """Arabic vowel signs on some letters."""
    return _some(word, chance, lambda letter: letter + chance.choice(_HARAKAT))


def lengthened(word: str, chance: random.Random) -> str:
    """Arabic letters with tatweel after them."""
    return word[0] + _some(word[1:], chance, lambda letter: "\u0640" * chance.randint(1, 4) + letter)


def with_article(word: str, chance: random.Random) -> str:
    """An Arabic word with what is written together with it."""
    return chance.choice(("ال", "وال", "بال", "يا ", "فال")) + word


def in_other_letters(word: str, _: random.Random) -> str:
    """Persian and Urdu letters, and other forms of alef."""
    return word.translate(str.maketrans("يكها", "یکہأ"))


def shaped(word: str, _: random.Random) -> str:
    """Arabic presentation forms, letter by letter."""
    return "".join(_ISOLATED.get(letter, letter) for letter in word)


def split_in_two(word: str, chance: random.Random) -> str:
    """`cas ino`: nothing tells it from honest words beside each other."""
    place = chance.randrange(2, len(word) - 1) if len(word) > 3 else 1
    return f"{word[:place]} {word[place:]}"


def misspelt(word: str, chance: random.Random) -> str:
    """Two letters in the other order."""
    place = chance.randrange(1, len(word) - 1)
    return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]


def glued(word: str, chance: random.Random) -> str:
    """`bestcasinoever`."""
    return f"{chance.choice(('best', 'my', 'top', 'the'))}{word}{chance.choice(('ever', 'now', 'club', ''))}"


_ISOLATED = {
    unicodedata.normalize("NFKC", form): form
    for form in map(chr, range(0xFE80, 0xFEF5))
    if "ISOLATED" in unicodedata.name(form, "")
}
LATIN: Sequence[Disguise] = (
    swapped_case, zero_width, look_alikes, full_width, mathematical, leet, spelled_out, stretched, struck_through, accented,
    masked, hyphenated, turned,
)  # fmt: skip
ARABIC: Sequence[Disguise] = (
    vowelled, lengthened, with_article, in_other_letters, shaped, zero_width, spelled_out, stretched, hyphenated, turned,
)  # fmt: skip
# Known limits of word lists: to find these would find honest texts as well.
BEYOND: Sequence[Disguise] = (split_in_two, misspelt, glued)
