"""Words: one analysis for the index, for questions and for snippets, so that they cannot disagree.

A word has two faces. Its `form` is lower case, without accents, with one spelling for each Arabic letter: a reader may be
in the middle of typing it. Its `stem` is common to its inflections (Snowball's English and Arabic stemmers).
Scripts that write no spaces have pairs of characters in place of words: see `unspaced`.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

from services.search.unspaced import RUNS, Run, characters, fold, pairs_of, read_run

# Letters and digits with the marks that combine with them (Latin accents apart from their letter, Arabic vowels) and tatweel.
# One class without alternatives: this pattern is most of the cost of indexing. `_` is replaced by a space first.
_LETTER = r"[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
WORD = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)*")
# Tantivy drops terms above 64 KB. Nobody searches for the end of a longer word.
_LONGEST_WORD = 64
_POSSESSIVE = re.compile(r"['’]s$")
# The digits of Arabic, Persian, Thai, Lao, Burmese and Khmer.
_ZEROS = (0x0660, 0x06F0, 0x0E50, 0x0ED0, 0x1040, 0x17E0)
_ONE_SPELLING = str.maketrans(
    {
        "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ە": "ه", "ۀ": "ه", "ـ": None, "'": None, "’": None,
        **{chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)},
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

# Tags inside a word; every other tag ends one.
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|del|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u)(?:\s(?:[^>\"]|\"[^\"]*\")*)?>"
)
_TAG = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")
# A year of a paper has some 200,000 different words. Frequent words are looked up, not analysed again.
_MOST_KNOWN = 262_144


class Word(NamedTuple):
    """A word's two faces."""

    form: str
    stem: str


Term = Word | Run


class _Face(dict[str, str]):
    """One face of every word met so far, by its written form. Most lookups hit, and a hit runs no Python code."""

    def __missing__(self, written: str) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        met = analyse(written)
        face = self[written] = met.form if self is FORMS else met.stem
        return face


FORMS = _Face()
STEMS = _Face()


def terms(text: str) -> Iterator[Term]:
    """The words and unspaced runs of a question in their order."""
    for number, part in enumerate(_parts(text)):
        if number % 2:
            yield read_run(part)
        else:
            yield from (Word(FORMS[word], STEMS[word]) for word in WORD.findall(part))


def written(text: str) -> list[str]:
    """The words of a text as they are written, and the pairs of its unspaced runs, in their order."""
    found: list[str] = []
    for number, part in enumerate(_parts(text)):
        found += pairs_of(characters(part)) if number % 2 else WORD.findall(part)
    return found


def single_characters(text: str) -> set[str]:
    """The different characters of a text's unspaced runs, folded."""
    return set(map(fold, set[str]().union(*map(characters, _parts(text)[1::2]))))


def _parts(text: str) -> list[str]:
    """Spaced and unspaced parts by turns, a spaced one (perhaps empty) first and last."""
    plain = text.replace("_", " ")
    return [plain] if plain.isascii() else RUNS.split(plain)


def words_that_begin_with(letters: Iterable[str]) -> re.Pattern[str]:
    """A pattern for the written words of which a face may begin with one of these letters. It may match more.

    Analysis changes an ASCII letter at the beginning of a word only in its case, so the pattern skips most words
    without a step of Python.
    """
    both = {case for letter in letters if letter.isascii() for case in (letter.lower(), letter.upper())}
    first = rf"[{re.escape(''.join(sorted(both)))}\u0080-\U0010ffff](?<={_LETTER})(?<!{_LETTER}.)(?<!{_LETTER}['’].)"
    return re.compile(rf"{first}{_LETTER}*(?:['’]{_LETTER}+)*")


def written_words(text: str, pattern: re.Pattern[str] = WORD) -> Iterator[re.Match[str]]:
    """The words that the pattern finds, as they are written, with their places. Unspaced runs are left out."""
    plain = text.replace("_", " ")
    return pattern.finditer(plain if plain.isascii() else RUNS.sub(_blank, plain))


def _blank(run: re.Match[str]) -> str:
    return " " * len(run[0])


def analyse(word: str) -> Word:
    """The faces of one word, or of one pair of an unspaced script, as it is written."""
    if RUNS.match(word):
        pair = "".join(map(fold, characters(word)))
        return Word(pair, pair)
    bare = _POSSESSIVE.sub("", word[:_LONGEST_WORD])
    decomposed = unicodedata.normalize("NFKD", bare)
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark)).translate(_ONE_SPELLING)
    form = "".join(_fold.analyze(plain)) or plain.casefold() or word
    return _analyse_arabic(form) if _ARABIC.search(form) else Word(form, "".join(_stem.analyze(form)) or form)


def _analyse_arabic(form: str) -> Word:
    core = _ARTICLE.sub("", form)
    # Readers write ه for ة, but the stemmer knows only ة. It takes every word with an article for a noun, and then
    # removes the same endings from each.
    ending = core[:-1] + "ة" if core.endswith("ه") and len(core) >= _SHORTEST_WITH_TA_MARBUTA else core
    stem = "".join(_stem.analyze("ال" + ending)) or ending
    return Word(core.replace("ة", "ه"), stem.replace("ة", "ه"))


def text_of(body_html: str) -> str:
    """The text in sanitised HTML, in one line."""
    return " ".join(html.unescape(_TAG.sub(" ", _INLINE.sub("", body_html))).split())
