"""Forms of a text for comparing disguised words: without invisible characters, by the shape of letters, without accents.

Tables follow Unicode's confusables (UTS 39), kept to letters that are used to disguise words. One character becomes one character.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from shared.text import INVISIBLE

_TATWEEL = 0x0640
# Marks that change no letter of these scripts: vowel signs of Arabic and Hebrew, strokes and dots over any letter.
_MARKS = (
    *((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x5BF, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670)),
    *((0x6D6, 0x6ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0), (0xFE20, 0xFE2F)),
)
# Two ligatures of whole sentences, which honest readers use, would make a text eighteen times as long.
_SENTENCES = (0xFDFA, 0xFDFB)
_NOT_SEEN: Mapping[int, str | None] = {
    **dict.fromkeys([*map(ord, INVISIBLE), _TATWEEL]),
    **dict.fromkeys(_SENTENCES, " "),
    # The compatibility form of the lunate sigma is another letter, which no longer looks like c.
    0x3F2: "c",
    0x3F9: "C",
}
_NOT_COMPARED: Mapping[int, None] = dict.fromkeys(code for first, last in _MARKS for code in range(first, last + 1))


def _pairs(text: str) -> Mapping[int, str]:
    """A table for `str.translate` from pairs of letters."""
    return {ord(pair[0]): pair[1] for pair in text.split()}


# Spellings of one Arabic letter, also Persian and Urdu ones that look alike; other digits; letters in circles and squares.
_ONE_SPELLING: Mapping[int, str] = {
    **_pairs("أا إا آا ٱا ىي یي ےي ېي ئي ۍي ةه ۀه ہه ھه ەه ؤو کك ڪك"),
    **{first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)},
    **{first + number: chr(0x61 + number) for first in (0x1F150, 0x1F170) for number in range(26)},
}
# Letters without a decomposition. Honest words of Polish, Danish or Turkish have them, as é stands in French ones.
_BASE = _pairs("øo đd łl ħh ŧt ıi")

# Small capitals and turned letters of phonetic alphabets: no language writes whole words with them among plain ones.
_PHONETIC = _pairs(
    "ᴀa ɑa ɐa ʙb ᴄc ɔc ᴅd ᴇe ɛe ǝe ꜰf ɢg ɡg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɯm ɴn ᴏo ᴘp ʀr ɹr ꜱs ᴛt ʇt ᴜu ᴠv ʌv ᴡw ʍw ʏy ᴢz"
)
_SHAPES: Mapping[int, str] = {
    **_pairs("АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ЅS ІI ЈJ ԚQ ԜW ИN ЯR ӀI ҮY"),
    **_pairs("аa вb Ьb гr еe иu кk мm нh оo пn рp сc тt уy хx шw ьb яr іi јj ѕs ѡw ѵv ґr ҏp һh ԁd ԛq ԝw ӏl эe үy"),
    **_pairs("ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa βb γy εe ηn ιi κk νv οo ρp σo ςs τt υu χx ωw"),
    **_pairs("օo սu հh ոn ցg զq լl յj ՕO ՏS ԼL"),
    **_pairs("ᎪA ᏴB ᏟC ᎠD ᎬE ᎰF ᏀG ᎻH ᎥI ᎫJ ᏦK ᏞL ᎷM ᏢP ᎡR ᏚS ᎢT ᏙV ᎳW ᏃZ ᎽY"),
    **_PHONETIC,
}

# Digits and signs that stand for letters. 1 is i or l, so that there are two readings.
LEET_SIGNS = "@$!€"
_LEET = _pairs("@a $s !i €e 0o 3e 4a 5s 7t 8b 9g")
LEET_READINGS: tuple[Mapping[int, str], ...] = ({**_LEET, 0x31: "i"}, {**_LEET, 0x31: "l"})


def seen(text: str) -> str:
    """The text in compatibility form, without invisible characters, tatweel, vowel signs and strokes. ASCII stays as it is."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_NOT_SEEN)).translate(_NOT_COMPARED)


def plain(text: str) -> str:
    """A text from `seen` in small letters, with one spelling of each Arabic letter and of each digit."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text.casefold()).translate(_ONE_SPELLING)


def base(text: str) -> str:
    """A plain word without accents: `café` and `cafe` are one."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFD", text).translate(_NOT_COMPARED).translate(_BASE)


def accents(text: str) -> int:
    """How many letters of a plain word have an accent."""
    return 0 if text.isascii() else sum(one != other for one, other in zip(text, base(text), strict=False))


def shape(text: str) -> str:
    """A text from `seen`, in the Latin letters that its letters look like, small and without accents."""
    return text.lower() if text.isascii() else base(plain(text.translate(_SHAPES)))


def squeeze(word: str) -> str:
    """The word with one of each run of the same letter."""
    return "".join(letter for number, letter in enumerate(word) if not number or word[number - 1] != letter)


def scripts(word: str) -> frozenset[str]:
    """The scripts of a word's letters, among those that have Latin look-alikes."""
    return frozenset(filter(None, map(script_of, word)))


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """The script of a letter: Latin, one with Latin look-alikes, `phonetic` for letters of phonetic alphabets; "" for others."""
    if ord(letter) in _PHONETIC:
        return "phonetic"
    if not letter.isalpha():
        return ""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return name if name in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "ARABIC") else ""
