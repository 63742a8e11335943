"""Snippets: the part of a text that shows why it was found, as HTML with the searched words in `<mark>`."""

from collections.abc import Iterator, Sequence
from heapq import merge
from html import escape
from typing import NamedTuple
from unicodedata import is_normalized

from services.search.analysis import FORMS, STEMS, WORD, Word, words_that_begin_with, written_words
from services.search.queries import SHORTEST_MISSPELT
from services.search.rules import Question
from services.search.unspaced import BOUNDARY, RUNS, Run, first_letter, fold, located_characters

LENGTH = 220
_LEAD_IN = 50
# Only this much of a text is read. For misspelt words, where each word is compared, a page of results reads so much in all,
# and after that only the beginning of each text.
_SEARCHED = 12_000
SEARCHED_IN_ALL = 20 * _SEARCHED
SEARCHED_AT_LEAST = 1_200
_MOST_HITS = 60


class _Hit(NamedTuple):
    start: int
    end: int
    meaning: str


class Matcher(dict[str, str | None]):
    """Maps a written word to its stem if the question means it, else to None.

    Each word is judged once: a page of results holds thousands of words, most of them more than once. One matcher serves one
    page of results: `searched` is the number of characters that it has read.
    """

    def __init__(self, question: Question, *, forgiving: bool) -> None:
        super().__init__()
        last = question.terms[-1] if question.typing else None
        sought = {*question.terms, *(term for phrase in question.phrases for term in phrase)}
        self._stems = {term.stem for term in sought if isinstance(term, Word)}
        self._begun = last.form if isinstance(last, Word) else ""
        self.searched = 0
        meant = [word.form for word in question.terms if isinstance(word, Word) and len(word.form) >= SHORTEST_MISSPELT]
        self._misspelt = Neighbourhood(meant if forgiving else (), self._begun)
        self.runs = RunMatcher([(term, term == last) for term in sought if isinstance(term, Run)])
        self.count = len(self._stems) + len(self.runs)
        first = {face[0] for face in (*self._stems, self._begun) if face}
        self.candidates = WORD if self._misspelt else words_that_begin_with(first)

    @property
    def room(self) -> int:
        """How many characters of the next text may be read."""
        left = SEARCHED_IN_ALL - self.searched if self._misspelt else _SEARCHED
        return min(_SEARCHED, max(SEARCHED_AT_LEAST, left))

    @property
    def has_words(self) -> bool:
        """Whether the question holds anything but unspaced runs."""
        return bool(self._stems)

    def __missing__(self, written: str) -> str | None:
        judged = self[written] = self._judge(written)
        return judged

    def _judge(self, written: str) -> str | None:
        stem = STEMS[written]
        if stem in self._stems:
            return stem
        if not self._begun and not self._misspelt:
            return None
        form = FORMS[written]
        begun = bool(self._begun) and form.startswith(self._begun)
        return stem if begun or form in self._misspelt else None


class Neighbourhood:
    """The words at most one edit away from some words; `begun`, one of these, may be a beginning.

    The time of a look-up hardly depends on their number: two words are at most one edit apart only if they are equal after at
    most one letter is left out of each (SymSpell, Garbe 2012).
    """

    def __init__(self, words: Sequence[str], begun: str) -> None:
        self._begun = begun if begun in words else ""
        self._words: dict[str, list[str]] = {}
        for word in dict.fromkeys(words):
            for shorter in _shortened(word):
                self._words.setdefault(shorter, []).append(word)
        self._lengths = {len(word) + more for word in words for more in (-1, 0, 1)}

    def __bool__(self) -> bool:
        return bool(self._words)

    def __contains__(self, form: str) -> bool:
        return self._is_near(form) or self._begins_near(form)

    def _begins_near(self, form: str) -> bool:
        begun, half = self._begun, len(self._begun) // 2
        if not begun:
            return False
        # One edit leaves one half as it is; the second half moves by one letter at most.
        may_be = form[:half] == begun[:half] or begun[half + 1 :] in form[half : len(begun) + 1]
        return may_be and is_near(form, begun, begun=True)

    def _is_near(self, form: str) -> bool:
        if len(form) not in self._lengths:
            return False
        words = self._words
        return any(is_near(form, word) for shorter in _shortened(form) if shorter in words for word in words[shorter])


def _shortened(word: str) -> set[str]:
    """The word, and the word without each of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


class RunMatcher:
    """Finds whole runs of a question in a text. A pair of a longer run is no hit by itself."""

    def __init__(self, runs: Sequence[tuple[Run, bool]]) -> None:
        self._runs = [(run.characters, "".join(run.characters), typing) for run, typing in runs]
        self._first = {first_letter(run, typing) for run, typing in runs}

    def __len__(self) -> int:
        return len(self._runs)

    def find(self, text: str) -> Iterator[_Hit]:
        """The hits in their order; none for a question without runs."""
        for found in RUNS.finditer(text) if self._runs else ():
            run = found[0]
            # A run without the first letter holds no hit, unless it is written in another form of Unicode.
            if any(letter in run for letter in self._first) or not is_normalized("NFKC", run):
                yield from sorted(self._find_in(run, found.start()))

    def _find_in(self, run: str, offset: int) -> Iterator[_Hit]:
        places = located_characters(run)
        folded = tuple(fold(place[0]) for place in places)
        for wanted, meaning, typing in self._runs:
            *whole, last = wanted
            for at in range(len(folded) - len(whole)):
                end = at + len(whole)
                is_last = folded[end].startswith(last) if typing else folded[end] == last
                if is_last and folded[at:end] == tuple(whole):
                    yield _Hit(offset + places[at].start(), offset + places[end].end(), meaning)


def snippet_html(text: str, matcher: Matcher) -> str:
    """About LENGTH characters where most of the searched words are close together; the beginning if there are none."""
    around, hits = _best_place(_hits(text[: matcher.room], matcher), matcher.count)
    start, end = _cut(text, around)
    inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
    return ("… " if start else "") + _marked(text, start, end, inside) + (" …" if end < len(text) else "")


def _hits(text: str, matcher: Matcher) -> Iterator[_Hit]:
    left, read = _MOST_HITS, 0
    words = _word_hits(text, matcher) if matcher.has_words else iter(())
    for hit in merge(words, matcher.runs.find(text)):
        matcher.searched += max(0, hit.start - read)
        read = max(read, hit.start)
        yield hit
        left -= 1
        if not left:
            return
    matcher.searched += len(text) - read


def _word_hits(text: str, matcher: Matcher) -> Iterator[_Hit]:
    for found in written_words(text, matcher.candidates):
        stem = matcher[found[0]]
        if stem is not None:
            yield _Hit(found.start(), found.end(), stem)


def _best_place(found: Iterator[_Hit], wanted: int) -> tuple[int, Sequence[_Hit]]:
    """The start of the densest place, and the hits up to the end of a snippet from there.

    One pass; it ends where all `wanted` meanings were seen together, so most texts are not read to their end.
    """
    hits: list[_Hit] = []
    first, best, most = 0, 0, 0
    for hit in found:
        if most >= wanted and hit.start > best + LENGTH:
            break
        hits.append(hit)
        while hits[first].start < hit.start - (LENGTH - _LEAD_IN):
            first += 1
        together = len({one.meaning for one in hits[first:]})
        if together > most:
            best, most = hits[first].start, together
    return best, hits


def _cut(text: str, around: int) -> tuple[int, int]:
    """Between words; in unspaced scripts between characters, never before a mark."""
    start = _start(text, around)
    end = start + LENGTH
    if end >= len(text):
        return start, len(text)
    space = text.rfind(" ", start + LENGTH // 2, end)
    boundaries = [found.start() for found in BOUNDARY.finditer(text, max(space, start + LENGTH // 2), end + 1)]
    last = max([space, *boundaries])
    return start, last if last > 0 else end


def _start(text: str, around: int) -> int:
    if around <= _LEAD_IN:
        return 0
    space = text.find(" ", around - _LEAD_IN, around)
    if space >= 0:
        return space + 1
    boundary = BOUNDARY.search(text, around - _LEAD_IN, around)
    return boundary.start() if boundary else around


def _marked(text: str, start: int, end: int, hits: Sequence[_Hit]) -> str:
    parts, place = [], start
    for hit in hits:
        if hit.end <= place:
            continue
        begin = max(place, hit.start)  # hits of two runs may overlap
        parts += [escape(text[place:begin]), "<mark>", escape(text[begin : hit.end]), "</mark>"]
        place = hit.end
    return "".join([*parts, escape(text[place:end])])


def is_near(one: str, other: str, *, begun: bool = False) -> bool:
    """Whether two words are at most one edit apart: a letter replaced, removed, added, or swapped with its neighbour.

    With `begun`, `other` may be the beginning of `one`.
    """
    if begun:
        return any(is_near(one[: len(other) + more], other) for more in (-1, 0, 1))
    if abs(len(one) - len(other)) > 1:
        return False
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    rest, others = one[same:], other[same:]
    swapped = len(rest) > 1 and rest[1::-1] == others[:2] and rest[2:] == others[2:]
    return rest[1:] == others[1:] or rest[1:] == others or rest == others[1:] or swapped
