"""The piece of a text that shows why it was found, as HTML with the words that were looked for in `<mark>`."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from services.search.analysis import FORMS, STEMS, WORD, words_that_begin_with, written_words
from services.search.queries import SHORTEST_MISSPELT
from services.search.rules import Question

LENGTH = 220
_LEAD_IN = 50
# Deeper than this no snippet is looked for: a page of results reads twenty texts.
_LOOKED_THROUGH = 12_000
_MOST_HITS = 60


class _Hit(NamedTuple):
    start: int
    end: int
    stem: str


class Matcher(dict[str, str | None]):
    """Tells which written words a question means: the stem of one that is meant, None for any other.

    Each word is judged once: a page of results holds thousands, most of them more than once.
    """

    def __init__(self, question: Question, *, forgiving: bool) -> None:
        super().__init__()
        wanted = [*question.words, *(word for phrase in question.phrases for word in phrase)]
        self._stems = {word.stem for word in wanted}
        self.meant = len(self._stems)
        self._begun = question.words[-1].form if question.typing else ""
        self._misspelt = (
            tuple(word.form for word in question.words if len(word.form) >= SHORTEST_MISSPELT) if forgiving else ()
        )
        first = {face[0] for face in (*self._stems, self._begun) if face}
        self.candidates = WORD if self._misspelt else words_that_begin_with(first)

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
        near = any(is_near(form, meant, begun=meant == self._begun) for meant in self._misspelt)
        return stem if begun or near else None


def snippet_html(text: str, matcher: Matcher) -> str:
    """About LENGTH characters of the text where most of what is meant stands together; its beginning if nothing is."""
    around, hits = _best_place(_hits(text[:_LOOKED_THROUGH], matcher), matcher.meant)
    start, end = _cut(text, around)
    inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
    return ("… " if start else "") + _marked(text, start, end, inside) + (" …" if end < len(text) else "")


def _hits(text: str, matcher: Matcher) -> Iterator[_Hit]:
    left = _MOST_HITS
    for found in written_words(text, matcher.candidates):
        stem = matcher[found[0]]
        if stem is not None:
            yield _Hit(found.start(), found.end(), stem)
            left -= 1
            if not left:
                return


def _best_place(found: Iterator[_Hit], meant: int) -> tuple[int, Sequence[_Hit]]:
    """Where the most different words stand together, and the hits up to the end of a snippet from there.

    One pass that ends where all that is `meant` has been seen together: most texts need not be read to their end.
    """
    hits: list[_Hit] = []
    first, best, most = 0, 0, 0
    for hit in found:
        if most >= meant and hit.start > best + LENGTH:
            break
        hits.append(hit)
        while hits[first].start < hit.start - (LENGTH - _LEAD_IN):
            first += 1
        together = len({one.stem for one in hits[first:]})
        if together > most:
            best, most = hits[first].start, together
    return best, hits


def _cut(text: str, around: int) -> tuple[int, int]:
    start = 0 if around <= _LEAD_IN else text.find(" ", around - _LEAD_IN) + 1
    start = min(start, around)
    end = start + LENGTH
    if end >= len(text):
        return start, len(text)
    space = text.rfind(" ", start + LENGTH // 2, end)
    return start, space if space > 0 else end


def _marked(text: str, start: int, end: int, hits: Sequence[_Hit]) -> str:
    parts, place = [], start
    for hit in hits:
        parts += [escape(text[place : hit.start]), "<mark>", escape(text[hit.start : hit.end]), "</mark>"]
        place = hit.end
    return "".join([*parts, escape(text[place:end])])


def is_near(one: str, other: str, *, begun: bool = False) -> bool:
    """Whether two words are one edit apart at most (a letter replaced, left out, put in, or two neighbours swapped).

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
