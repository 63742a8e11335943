"""What a word is, for the index, for a question and for a snippet alike: one function, so that they cannot disagree.

A word has two faces. Its `form` is what a reader may be in the middle of typing: lower case, accents folded, Arabic
letters in one spelling each. Its `stem` is what its inflections share (Snowball's English and Arabic stemmers).
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

# Letters and digits with the marks that stand on them (Latin accents apart from their letter, Arabic vowels) and tatweel.
# One class without alternatives, since this is most of what indexing costs; `_` is taken for a space before.
_LETTER = r"[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
WORD = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)*")
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
# A year of a paper has some 200,000 different words; the usual ones are looked up instead of worked out.
_MOST_KNOWN = 262_144


class Word(NamedTuple):
    """A word's two faces."""

    form: str
    stem: str


class _Face(dict[str, str]):
    """One face of every word met so far, by how it is written. A lookup that finds it runs no Python: most of them do."""

    def __missing__(self, written: str) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        met = analyse(written)
        face = self[written] = met.form if self is FORMS else met.stem
        return face


FORMS = _Face()
STEMS = _Face()


def words(text: str) -> Iterator[Word]:
    """The words of a text in their order, with their faces."""
    found = written(text)
    return map(Word, map(FORMS.__getitem__, found), map(STEMS.__getitem__, found))


def written(text: str) -> list[str]:
    """The words of a text in their order, as they are written."""
    return WORD.findall(text.replace("_", " "))


def words_that_begin_with(letters: Iterable[str]) -> re.Pattern[str]:
    """Finds the words, as they are written, of which a face may begin with one of these letters; it may find more.

    No analysis changes an ASCII letter at a word's beginning but for its case: a word that begins with another one is
    passed over without a step of Python, as most are.
    """
    both = {case for letter in letters if letter.isascii() for case in (letter.lower(), letter.upper())}
    first = rf"[{re.escape(''.join(sorted(both)))}\u0080-\U0010ffff](?<={_LETTER})(?<!{_LETTER}.)(?<!{_LETTER}['’].)"
    return re.compile(rf"{first}{_LETTER}*(?:['’]{_LETTER}+)*")


def written_words(text: str, pattern: re.Pattern[str] = WORD) -> Iterator[re.Match[str]]:
    """Each word as it is written, with its place; only those that the pattern finds."""
    return pattern.finditer(text.replace("_", " "))


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
    return " ".join(html.unescape(_TAG.sub(" ", _INLINE.sub("", body_html))).split())
