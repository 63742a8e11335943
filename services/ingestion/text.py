"""Texts that editors send: which characters are taken, and the one form in which they are kept."""

import re
import unicodedata

_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\u0085]")
_GAPS = re.compile(r"[\s\u00a0]+")
# Controls, lone surrogates, and what XML 1.0 does not have, so that a feed that carried it could not be read
# (https://www.w3.org/TR/xml/#charsets).
_REFUSED_IN_PROSE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REFUSED_IN_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def tidy_line(text: str) -> str:
    """One line in Unicode's composed form, single spaces, none around it. Raises ValueError for what no line may hold."""
    text = unicodedata.normalize("NFC", text)
    if _REFUSED_IN_LINES.search(text):
        raise ValueError("It must be one line without control characters.")
    return _GAPS.sub(" ", text).strip()


def tidy_prose(text: str) -> str:
    """Lines that end in `\\n`, in Unicode's composed form; tabs stay. Raises ValueError for control characters."""
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text))
    if _REFUSED_IN_PROSE.search(text):
        raise ValueError("It must not hold control characters.")
    return text.strip("\n").rstrip()


def is_blank(text: str) -> bool:
    """Whether there is nothing in it that can be seen."""
    return all(unicodedata.category(character)[0] in "CZM" for character in text)


def fold(text: str) -> str:
    """The form in which texts are compared: `Café` and `CAFÉ` are one tag."""
    return unicodedata.normalize("NFC", text.casefold())
