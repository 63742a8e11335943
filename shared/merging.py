"""Three-way merging of texts by paragraph: a common base, my text, and theirs (diff3; Khanna, Kunal and Pierce, 2007).

Pure and deterministic. The desk shows the chunks after a save that lost a race.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.alignment import Budget, common_runs
from shared.differences import SEPARATOR, WORK, split_paragraphs

ChunkKind = Literal["unchanged", "agreed", "mine", "theirs", "conflict"]


@dataclass(frozen=True)
class Chunk:
    """The same passage of three texts, as paragraphs. Each text is its passages in order.

    `kind`: nobody changed it; both changed it alike (`agreed`); only I did (`mine`); only they did (`theirs`); both did,
    differently (`conflict`).
    """

    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def kind(self) -> ChunkKind:
        """Which side changed the passage. White space around paragraphs does not count."""
        base, mine, theirs = (tuple(text.strip() for text in texts) for texts in (self.base, self.mine, self.theirs))
        if mine == theirs:
            return "unchanged" if mine == base else "agreed"
        if base == theirs:
            return "mine"
        return "theirs" if base == mine else "conflict"


def merge(base: str, mine: str, theirs: str, *, work: int = WORK) -> Sequence[Chunk]:
    """The chunks of three texts, in order. Neighbours differ in kind, except conflicts.

    Beyond `work` comparisons for each side, passages count as changed.
    """
    texts = [split_paragraphs(text) for text in (base, mine, theirs)]
    places = [_places(texts[0], other, work) for other in texts[1:]]
    chunks: list[Chunk] = []
    done = (0, 0, 0)
    for index in range(len(texts[0])):
        # Both sides kept this paragraph of the base: the three texts meet here.
        here = (index, places[0].get(index, -1), places[1].get(index, -1))
        if min(here) >= 0:
            _add(chunks, _chunk(texts, done, here))
            done = (here[0] + 1, here[1] + 1, here[2] + 1)
            _add(chunks, _chunk(texts, here, done))
    _add(chunks, _chunk(texts, done, (len(texts[0]), len(texts[1]), len(texts[2]))))
    return chunks


def resolve(chunks: Sequence[Chunk], choices: Mapping[int, Literal["mine", "theirs", "both"]]) -> str | None:
    """The merged text: each change of one side, and of a conflict, by its index, the chosen side. None with a conflict left."""
    merged: list[str] = []
    for index, chunk in enumerate(chunks):
        choice = choices.get(index) or _OBVIOUS.get(chunk.kind)
        if choice is None:
            return None
        merged += chunk.theirs if choice != "mine" else ()
        merged += chunk.mine if choice != "theirs" else ()
    return SEPARATOR.join(merged)


_OBVIOUS: Mapping[ChunkKind, Literal["mine", "theirs"]] = {
    "unchanged": "mine",
    "agreed": "mine",
    "mine": "mine",
    "theirs": "theirs",
}


def _places(base: Sequence[str], other: Sequence[str], work: int) -> Mapping[int, int]:
    """Where the paragraphs of the base are in another text, as far as they are there in order."""
    runs = common_runs([text.strip() for text in base], [text.strip() for text in other], Budget(work))
    return {run.old + step: run.new + step for run in runs for step in range(run.size)}


def _chunk(texts: Sequence[Sequence[str]], start: tuple[int, int, int], end: tuple[int, int, int]) -> Chunk:
    base, mine, theirs = (tuple(texts[side][start[side] : end[side]]) for side in range(3))
    return Chunk(base, mine, theirs)


def _add(chunks: list[Chunk], chunk: Chunk) -> None:
    """Append a chunk, or join it to the last one of the same kind. Conflicts stay apart: each is one decision."""
    if not (chunk.base or chunk.mine or chunk.theirs):
        return
    last = chunks[-1] if chunks else None
    if last is not None and last.kind == chunk.kind != "conflict":
        chunks[-1] = Chunk(last.base + chunk.base, last.mine + chunk.mine, last.theirs + chunk.theirs)
    else:
        chunks.append(chunk)
