"""Precision and recall of each phase of the moderation, on a labelled set of comments (`tests/support/labelled_comments.py`)."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache

from services.comments.pipeline.phases import PHASES
from tests.bench.measure import Measure
from tests.support.labelled_comments import RULE, Labelled, labelled_comments

COMMENTS = 6_000
# Share of plain comments that no phase stops.
BAR = 0.995
_MEASURED = ("repeat", "links", "banned-word", "suspect-word", "trap", "too-fast")


@dataclass
class PhaseScore:
    """How often a phase was right: found and labelled, found alone, labelled alone."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


@cache
def found_by_phase(comment: Labelled) -> frozenset[str]:
    """The phases that find something in a comment, each asked alone."""
    return frozenset(name for name, phase in PHASES if name in _MEASURED and phase(comment.facts, RULE) is not None)


def score(comments: Sequence[Labelled]) -> dict[str, PhaseScore]:
    """The score of each phase."""
    scores = {name: PhaseScore() for name in _MEASURED}
    for comment in comments:
        found = found_by_phase(comment)
        for name, each in scores.items():
            each.right += name in found and name in comment.phases
            each.wrong += name in found and name not in comment.phases
            each.missed += name in comment.phases and name not in found
    return scores


def untouched(comments: Sequence[Labelled]) -> float:
    """The share of plain comments in which no phase finds anything."""
    plain = [comment for comment in comments if comment.kind == "plain"]
    return sum(not found_by_phase(comment) for comment in plain) / len(plain)


async def phases() -> Measure:
    """Print the table, and measure the share of plain comments that pass."""
    comments = list(labelled_comments(COMMENTS))
    began = time.perf_counter()
    print(f"{'phase':14} {'set':8} {'labelled':>8} {'found':>6} {'precision':>9} {'recall':>7}")
    for title, part in (
        ("all", comments),
        ("en", [comment for comment in comments if comment.language == "en"]),
        ("ar", [comment for comment in comments if comment.language == "ar"]),
        ("in reach", [comment for comment in comments if not comment.beyond]),
    ):
        for name, each in score(part).items():
            labelled, found = each.right + each.missed, each.right + each.wrong
            print(f"{name:14} {title:8} {labelled:8} {found:6} {each.precision:9.3f} {each.recall:7.3f}")
    each_ms = 1000 * (time.perf_counter() - began) / (2 * COMMENTS)
    share = untouched(comments)
    return Measure("phases", 100 * share, 100, "% plain ok", BAR, extra={"comments": COMMENTS, "ms each": each_ms})


MEASURES: dict[str, Callable[[], Awaitable[Measure]]] = {"phases": phases}
