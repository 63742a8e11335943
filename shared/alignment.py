"""Aligns two sequences: the runs that both have, in order, within a bound of work. For differences and merging of texts.

`difflib.SequenceMatcher` (Ratcliff and Obershelp) finds the runs. Its own `get_matching_blocks` is cubic at worst, which one
repetitive text reaches; here each search has its cost counted first, so equal inputs always give equal runs, on any machine.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import accumulate


@dataclass(frozen=True)
class Run:
    """A run of `size` equal items: from `old` in the one sequence, from `new` in the other."""

    old: int
    new: int
    size: int


@dataclass
class Budget:
    """Work that is left, in comparisons of two items. A million takes about a tenth of a second.

    `is_spent` is true from the first refusal on.
    """

    left: int
    is_spent: bool = field(default=False, init=False)

    def spend(self, cost: int) -> bool:
        """Whether there was enough left; takes it away then."""
        if cost > self.left:
            self.is_spent = True
            return False
        self.left -= cost
        return True


def common_runs(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Run]:
    """The common runs, in order. Where the budget does not suffice, items count as different."""
    start = _common_length(old, new)
    end = _common_length(old[start:][::-1], new[start:][::-1])
    middle = _Matcher(old[start : len(old) - end], new[start : len(new) - end]).runs(budget)
    runs = [Run(0, 0, start)] if start else []
    runs += [Run(run.old + start, run.new + start, run.size) for run in middle]
    return [*runs, Run(len(old) - end, len(new) - end, end)] if end else runs


def _common_length(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items at the start are equal."""
    return next(
        (index for index, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        min(len(old), len(new)),
    )


class _Matcher:
    """Searches of longest runs in parts of two sequences, with the cost of each."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._sizes = (len(old), len(new))
        self._matcher = SequenceMatcher(None, old, new, autojunk=False)
        # A search compares each old item with all equal new ones, and takes one step for each old item.
        equals = Counter(new)
        self._costs = [0, *accumulate(1 + equals[item] for item in old)]

    def runs(self, budget: Budget) -> list[Run]:
        """The longest common run, then those before and behind it, and so on."""
        waiting, found = [(0, self._sizes[0], 0, self._sizes[1])], []
        while waiting:
            old_low, old_top, new_low, new_top = waiting.pop()
            if old_low == old_top or new_low == new_top:
                continue
            if not budget.spend(self._costs[old_top] - self._costs[old_low]):
                continue
            match = self._matcher.find_longest_match(old_low, old_top, new_low, new_top)
            if match.size:
                found.append(Run(match.a, match.b, match.size))
                waiting.append((match.a + match.size, old_top, match.b + match.size, new_top))
                waiting.append((old_low, match.a, new_low, match.b))
        return _joined(sorted(found, key=lambda run: run.old))


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Neighbouring runs as one."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last is not None and (last.old + last.size, last.new + last.size) == (run.old, run.new):
            joined[-1] = Run(last.old, last.new, last.size + run.size)
        else:
            joined.append(run)
    return joined
