"""What a word is, for the index, for a question and for a snippet alike: one function, so that they cannot disagree.

A word has two faces. Its `form` is what a reader may be in the middle of typing: lower case, accents folded, Arabic
letters in one spelling each. Its `stem` is what its inflections share (Snowball's English and Arabic stemmers).
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

# Letters and digits with the marks that stand on them (Latin accents apart from their letter, Arabic vowels) and tatweel.
# One class without alternatives, since this is most of what indexing costs; `_` is taken for a space before.
_LETTERS = r"[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]+"
_WORD = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})*")
# Tantivy leaves out terms above 64 KB; nobody looks for the end of a word as long as this.
_LONGEST_WORD = 64
_POSSESSIVE = re.compile(r"['’]s$")
_ONE_SPELLING = str.maketrans(
    {
        "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ە": "ه", "ۀ": "ه", "ـ": None, "'": None, "’": None,
        **{chr(0x0660 + digit): str(digit) for digit in range(10)},
        **{chr(0x06F0 + digit): str(digit) for digit in range(10)},
    }
)  # fmt: skip
_ARABIC = re.compile(r"[\u0621-\u064a]")
# The article, alone or after one of the letters that are written together with it ("and the", "in the", "like the").
_ARTICLE = re.compile(r"^[وفبك]?ال(?=..)|^[وف]?لل(?=..)")
_SHORTEST_WITH_TA_MARBUTA = 4

_fold = TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.lowercase()).filter(Filter.ascii_fold()).build()
_stem = (
    TextAnalyzerBuilder(Tokenizer.whitespace())
    .filter(Filter.stemmer("english"))
    .filter(Filter.stemmer("arabic"))
    .build()
)

# Tags that do not end a word; every other tag does.
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|del|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u)(?:\s(?:[^>\"]|\"[^\"]*\")*)?>"
)
_TAG = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")
_GAPS = re.compile(r"\s+")


class Word(NamedTuple):
    """A word's two faces."""

    form: str
    stem: str


def words(text: str) -> Iterator[Word]:
    """The words of a text in their order."""
    return map(analyse, _WORD.findall(text.replace("_", " ")))


def written_words(text: str) -> Iterator[re.Match[str]]:
    """Each word as it is written, with its place."""
    return _WORD.finditer(text.replace("_", " "))


# A year of a paper has some 200,000 different words; the usual ones are looked up instead of worked out.
@lru_cache(262_144)
def analyse(word: str) -> Word:
    """The faces of one word as it is written."""
    bare = _POSSESSIVE.sub("", word[:_LONGEST_WORD])
    decomposed = unicodedata.normalize("NFKD", bare)
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark)).translate(_ONE_SPELLING)
    form = "".join(_fold.analyze(plain)) or plain.casefold() or word
    return _analyse_arabic(form) if _ARABIC.search(form) else Word(form, "".join(_stem.analyze(form)) or form)


def _analyse_arabic(form: str) -> Word:
    core = _ARTICLE.sub("", form)
    # Readers write ه for ة, and the stemmer knows the latter alone. With its article every word is a noun to it, and loses
    # the same endings.
    ending = core[:-1] + "ة" if core.endswith("ه") and len(core) >= _SHORTEST_WITH_TA_MARBUTA else core
    stem = "".join(_stem.analyze("ال" + ending)) or ending
    return Word(core.replace("ة", "ه"), stem.replace("ة", "ه"))


def text_of(body_html: str) -> str:
    """The text in sanitised HTML, in one line."""
    return _GAPS.sub(" ", html.unescape(_TAG.sub(" ", _INLINE.sub("", body_html)))).strip()
