"""Readable differences of two texts: by paragraph, then by word. For readers' history, the desk's revisions and its merging.

Pure and deterministic. The work is bounded (about half a second for the largest texts): run it in a thread.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.alignment import Budget, Run, common_runs
from shared.events import TextPiece
from shared.word_tokens import split_words

SEPARATOR = "\n\n"
# Comparisons of two paragraphs or two words, for one pair of texts.
WORK = 3_000_000
# Paragraphs are paired by likeness where a changed passage is at most this large, in pairs.
_MOST_PAIRS = 2_500
# A text of more paragraphs is compared as one: nobody writes it, and each costs time.
_MOST_PARAGRAPHS = 5_000
# A paragraph that keeps fewer of its words reads better as one removed and one added.
_LEAST_LIKENESS = 0.4

Kind = Literal["same", "changed", "removed", "added"]
PieceKind = Literal["same", "removed", "added"]


@dataclass(frozen=True)
class ParagraphDifference:
    """A paragraph of either text, or of both.

    `old` and `new` are its texts, None where a text does not have it. Of `pieces`, "same" and "removed" joined are `old`,
    "same" and "added" joined are `new`. `new_index` is the number of the paragraph in the new text; for a removed one, of the
    next paragraph there.
    """

    old: str | None
    new: str | None
    pieces: tuple[TextPiece, ...]
    new_index: int = 0

    @property
    def kind(self) -> Kind:
        """The kind of difference. White space around a paragraph does not count."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "same" if self.old.strip() == self.new.strip() else "changed"


def split_paragraphs(text: str) -> list[str]:
    """The paragraphs of a text; SEPARATOR joins them to the same text again."""
    return text.split(SEPARATOR)


def paragraphs(old: str, new: str, *, work: int = WORK) -> Sequence[ParagraphDifference]:
    """The paragraphs of both texts in order, with their word differences.

    SEPARATOR joins every `old` that is not None to the old text, every `new` to the new one. Beyond `work` comparisons,
    paragraphs are compared as wholes; a text of very many paragraphs is compared as a single one.
    """
    budget = Budget(work)
    before, after = split_paragraphs(old), split_paragraphs(new)
    if max(len(before), len(after)) > _MOST_PARAGRAPHS:
        before, after = [old], [new]
    found: list[ParagraphDifference] = []
    at_old = at_new = 0
    for run in [*common_runs(before, after, budget), Run(len(before), len(after), 0)]:
        found += _passage(before[at_old : run.old], after[at_new : run.new], at_new, budget)
        for index, text in enumerate(before[run.old : run.old + run.size], run.new):
            found.append(ParagraphDifference(text, text, _pieces([("same", text)]), index))
        at_old, at_new = run.old + run.size, run.new + run.size
    return found


def changes(old: str, new: str) -> tuple[tuple[TextPiece, ...], ...]:
    """The paragraphs that differ, for readers: without those that only moved white space."""
    return tuple(
        paragraph.pieces for paragraph in paragraphs(old, new) if paragraph.kind != "same" and not _is_blank(paragraph)
    )


def _is_blank(paragraph: ParagraphDifference) -> bool:
    return not any(piece.text.strip() for piece in paragraph.pieces)


def _passage(old: Sequence[str], new: Sequence[str], index: int, budget: Budget) -> Iterable[ParagraphDifference]:
    """A passage in which no paragraph is equal: like paragraphs in pairs, the others removed and added."""
    at_old = at_new = 0
    for one, other in [*_pairs(old, new, budget), (len(old), len(new))]:
        for text in old[at_old:one]:
            yield ParagraphDifference(text, None, _pieces([("removed", text)]), index + at_new)
        for number in range(at_new, other):
            yield ParagraphDifference(None, new[number], _pieces([("added", new[number])]), index + number)
        if one < len(old):
            yield ParagraphDifference(old[one], new[other], _words(old[one], new[other], budget), index + other)
        at_old, at_new = one + 1, other + 1


def _pairs(old: Sequence[str], new: Sequence[str], budget: Budget) -> Sequence[tuple[int, int]]:
    """Pairs of like paragraphs in the order of both, with the largest sum of likenesses. None in a passage that is too large."""
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return []
    counts = [[_count(text) for text in texts] for texts in (old, new)]
    if not budget.spend(sum(map(len, counts[0])) * len(new)):
        return []
    like = [[_likeness(one, other) for other in counts[1]] for one in counts[0]]
    return _best_pairs(like)


def _best_pairs(like: Sequence[Sequence[float]]) -> Sequence[tuple[int, int]]:
    """Of a table of likenesses, the pairs in order of both sides with the largest sum."""
    height, width = len(like), len(like[0])
    # best[i][j]: the largest sum below row i and right of column j.
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for i in reversed(range(height)):
        for j in reversed(range(width)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], like[i][j] + best[i + 1][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < height and j < width:
        if like[i][j] and best[i][j] == like[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _count(text: str) -> Counter[str]:
    return Counter(word.strip() for word in split_words(text))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that two paragraphs have in common; 0 below _LEAST_LIKENESS. Empty paragraphs are like all others."""
    total = one.total() + other.total()
    if not one or not other:
        return _LEAST_LIKENESS
    share = 2 * sum(min(count, other[word]) for word, count in one.items()) / total
    return share if share >= _LEAST_LIKENESS else 0.0


def _words(old: str, new: str, budget: Budget) -> tuple[TextPiece, ...]:
    """The pieces of two paragraphs. White space behind a word that both have may differ: it is then a piece of its own."""
    before, after = split_words(old), split_words(new)
    runs = common_runs([word.rstrip() for word in before], [word.rstrip() for word in after], budget)
    runs = [run for run in runs if _is_readable(run, before, after)]
    pieces: list[tuple[PieceKind, str]] = []
    at_old = at_new = 0
    for run in [*runs, Run(len(before), len(after), 0)]:
        pieces += [("removed", "".join(before[at_old : run.old])), ("added", "".join(after[at_new : run.new]))]
        at_old, at_new = run.old + run.size, run.new + run.size
        for one, other in zip(before[run.old : at_old], after[run.new : at_new], strict=True):
            pieces += _same_word(one, other)
    return _pieces(pieces)


def _is_readable(run: Run, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a common run helps a reader: not punctuation alone between two changes."""
    is_start = run.old == run.new == 0
    is_end = (run.old + run.size, run.new + run.size) == (len(before), len(after))
    return is_start or is_end or any(character.isalnum() for character in "".join(before[run.old : run.old + run.size]))


def _same_word(one: str, other: str) -> Sequence[tuple[PieceKind, str]]:
    if one == other:
        return [("same", one)]
    size = len(one.rstrip())
    return [("same", one[:size]), ("removed", one[size:]), ("added", other[size:])]


def _pieces(runs: Iterable[tuple[PieceKind, str]]) -> tuple[TextPiece, ...]:
    """The runs as pieces: neighbours of one kind are one piece, the removed words of a change stand before the added ones."""
    pieces: list[TextPiece] = []
    collected: dict[PieceKind, str] = {"same": "", "removed": "", "added": ""}

    def settle(kinds: Sequence[PieceKind]) -> None:
        for kind in kinds:
            if collected[kind]:
                pieces.append(TextPiece(kind=kind, text=collected[kind]))
                collected[kind] = ""

    for kind, text in runs:
        if text:
            settle(_CHANGED if kind == "same" else _UNCHANGED)
            collected[kind] += text
    settle((*_UNCHANGED, *_CHANGED))
    return tuple(pieces)


_UNCHANGED: Sequence[PieceKind] = ("same",)
_CHANGED: Sequence[PieceKind] = ("removed", "added")
