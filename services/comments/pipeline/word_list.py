"""Lists of words and phrases of a newsroom, made ready to be found in texts of any script.

| entry | is found |
|-------|----------|
| `casino` | as a whole word, also disguised (`readings.py`) |
| `casin*` | at the start of a word |
| `free money` | as words in a row, whatever stands between them |
| `赌场`, `คาสิโน`, an emoji | anywhere: these scripts have no spaces |
| `spam.example` | as the host of a link, and hosts below it (`links.py`), and as typed |
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from services.comments.pipeline.letter_shapes import (
    LEET_READINGS,
    LEET_SIGNS,
    plain,
    script_of,
    scripts,
    seen,
    shape,
)
from services.comments.pipeline.readings import WORDS, forms, readings, spelled

# Han, kana, Thai, Lao, Myanmar, Khmer: no spaces between words.
_WITHOUT_SPACES = re.compile(
    r"[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,}")
_CHUNK = re.compile(r"\S+")
# Text between a mark that forces a direction and its end is shown backwards.
_TURNED = re.compile("[\u202d\u202e]([^\u202c-\u202e\u2066-\u2069]+)")
_EDGES = ".,;:!?()[]{}<>\"'“”‘’«»…،؛؟*_~-"
_MOST_FOUND = 5
_LONGEST_MATCH = 100
_SHORTEST_START = 3
# Entries have 60 characters.
_LONGEST_PHRASE = 30
_LONGEST_KEPT = 32
# Among lone letters, shorter words are found only at an end of them, and those of three letters only alone.
_SURE = 5
_MOST_LOOKED_AT = 2_000


@dataclass(frozen=True)
class FoundWord:
    """An entry of a list, and the text in which it was found, as typed."""

    entry: str
    match: str


@dataclass
class _Step:
    """A place in a phrase: the words that may follow, and the entry that ends here."""

    after: "dict[str, _Step]" = field(default_factory=dict)
    entry: str = ""


class WordList:
    """A compiled list. `find` takes time in proportion to the text, for any number of entries."""

    def __init__(self, entries: Iterable[str]) -> None:
        self.hosts: dict[str, str] = {}
        self._forms: dict[str, str] = {}
        self._starts: dict[str, str] = {}
        self._pieces: dict[str, str] = {}
        self._piece_lengths: dict[str, set[int]] = {}
        self._phrases = _Step()
        for entry in entries:
            self._add(entry)
        self._start_lengths = sorted({len(start) for start in self._starts})
        self._lengths = sorted({len(form) - 1 for form in self._forms if form[0] == "="})

    def find(self, text: str) -> list[FoundWord]:
        """The entries in a text, at most five, each once."""
        found: dict[str, FoundWord] = {}
        for word in self._all(text):
            found.setdefault(word.entry, word)
            if len(found) == _MOST_FOUND:
                break
        return list(found.values())

    def _add(self, entry: str) -> None:
        letters = plain(seen(entry)).strip()
        words = WORDS.findall(letters)
        if not letters:
            return
        if entry.endswith("*") and len(words) == 1:
            self._starts[words[0]] = entry
        elif len(letters.split()) > 1 and len(words) > 1:
            self._add_phrase(words, entry)
        elif not words or _WITHOUT_SPACES.search(letters):
            self._pieces[letters] = entry
            self._piece_lengths.setdefault(letters[0], set()).add(len(letters))
        elif _HOST.fullmatch(letters):
            self.hosts[letters] = entry
        elif any(sign in letters for sign in LEET_SIGNS):
            self._add_word("".join(WORDS.findall(letters.translate(LEET_READINGS[0]))), entry)
        else:
            self._add_word("".join(words), entry)
            if len(words) > 1:
                self._add_phrase(words, entry)

    def _add_word(self, word: str, entry: str) -> None:
        for form in forms(word):
            self._forms.setdefault(form, entry)

    def _add_phrase(self, words: Sequence[str], entry: str) -> None:
        step = self._phrases
        for word in words:
            step = step.after.setdefault(word, _Step())
        step.entry = entry

    def _all(self, text: str) -> Iterator[FoundWord]:
        for chunk in dict.fromkeys(text.split()):
            yield from self._in_chunk(chunk, text)
        for typed, letters in spelled(text):
            yield from (FoundWord(entry, typed[:_LONGEST_MATCH]) for entry in self._in_lone_letters(letters))
        if self._phrases.after:
            yield from self._in_rows(text)
        for turned in _TURNED.finditer(text):
            yield from (FoundWord(word.entry, turned[1][:_LONGEST_MATCH]) for word in self._all(turned[1][::-1]))

    def _in_chunk(self, chunk: str, text: str) -> Iterator[FoundWord]:
        for reading in readings(chunk):
            entry = self._forms.get(reading) or (self._starts and self._starting(reading))
            if entry and not (reading[0] == "!" and _is_honest(chunk, text)):
                yield FoundWord(entry, _typed(chunk, reading[1:]))
        if self._pieces and not (chunk.isascii() and chunk.isalpha()):
            yield from self._pieces_in(chunk, plain(seen(chunk)))

    def _starting(self, reading: str) -> str:
        if reading[0] in "=~":
            for length in self._start_lengths:
                if entry := self._starts.get(reading[1 : length + 1]):
                    return entry
        return ""

    def _pieces_in(self, typed: str, letters: str) -> Iterator[FoundWord]:
        for place, letter in enumerate(letters):
            for length in self._piece_lengths.get(letter, ()):
                piece = letters[place : place + length]
                if entry := self._pieces.get(piece):
                    yield FoundWord(entry, _typed(typed, piece))

    def _in_lone_letters(self, letters: str) -> Iterator[str]:
        # Measures are honest: 4.5 s.
        is_word = len(letters) > _SHORTEST_START and sum(map(str.isalpha, letters)) >= 2
        tables = ({}, *LEET_READINGS) if is_word else ({},)
        words = [*(plain(letters.translate(table)) for table in tables), shape(letters)]
        for word in dict.fromkeys(words):
            yield from self._within(word[:_MOST_LOOKED_AT])
            if self._pieces:
                yield from (found.entry for found in self._pieces_in(word, word))

    def _within(self, word: str) -> Iterator[str]:
        for length in self._lengths:
            last = len(word) - length
            if length < _SHORTEST_START or last < 0 or (length == _SHORTEST_START and last):
                continue
            for place in range(last + 1) if length >= _SURE else (0, last):
                if entry := self._forms.get(f"={word[place : place + length]}"):
                    yield entry

    def _in_rows(self, text: str) -> Iterator[FoundWord]:
        """Phrases: words in a row."""
        words = [
            (word, chunk.start(), chunk.end()) for chunk in _CHUNK.finditer(text) for word in _words_of_chunk(chunk[0])
        ]
        for number, (first, start, _) in enumerate(words):
            step = self._phrases.after.get(first)
            for word, _, end in words[number + 1 : number + _LONGEST_PHRASE] if step else ():
                step = step.after.get(word) if step else None
                if step is None:
                    break
                if step.entry:
                    yield FoundWord(step.entry, text[start:end].strip(_EDGES)[:_LONGEST_MATCH])


def _words_of_chunk(chunk: str) -> tuple[str, ...]:
    return _kept_words(chunk) if len(chunk) <= _LONGEST_KEPT else _read_words(chunk)


@lru_cache(maxsize=8192)
def _kept_words(chunk: str) -> tuple[str, ...]:
    return _read_words(chunk)


def _read_words(chunk: str) -> tuple[str, ...]:
    return tuple(shape(word) if len(scripts(word)) > 1 else plain(word) for word in WORDS.findall(seen(chunk)))


@lru_cache(maxsize=8)
def compiled(entries: tuple[str, ...]) -> WordList:
    """The list made ready; kept for the next comments."""
    return WordList(entries)


def entry_fault(entry: str) -> str:
    """Why an entry cannot be looked for, as a sentence; empty when it can."""
    letters = plain(seen(entry)).strip()
    words = WORDS.findall(letters)
    if not letters.strip("*"):
        return "There is nothing to look for in it."
    if entry.endswith("*") and (len(words) != 1 or len(words[0]) < _SHORTEST_START):
        return f"Before * stands one word of at least {_SHORTEST_START} letters."
    if letters.isascii() and letters.isalnum() and len(letters) == 1:
        return "One letter or digit would be found in most comments."
    return ""


def _is_honest(chunk: str, text: str) -> bool:
    """Whether a word of one script stands among words of the same script, so that it is no disguise."""
    rest = _scripts_of(text) - Counter(map(script_of, chunk))
    return any(rest[script] > rest["LATIN"] for script in scripts(chunk))


@lru_cache(maxsize=16)
def _scripts_of(text: str) -> "Counter[str]":
    return Counter(map(script_of, text[:_MOST_LOOKED_AT]))


def _typed(chunk: str, letters: str) -> str:
    """The part of a text without spaces in which letters were found, as typed; all of it when they are disguised."""
    small = chunk.lower()
    place = small.find(letters) if len(small) == len(chunk) else -1
    return (chunk[place : place + len(letters)] if place >= 0 else chunk.strip(_EDGES) or chunk)[:_LONGEST_MATCH]
