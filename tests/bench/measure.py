"""The result of a measure: our figure, the reference, and the bar for their ratio."""

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """`ratio` is ours / reference. It should be at least or at most `bar`, according to `sense`."""

    name: str
    ours: float
    reference: float
    unit: str
    bar: float
    sense: Literal["at_least", "at_most"] = "at_least"
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.reference if self.reference else 0.0

    @property
    def reached(self) -> bool:
        return self.ratio >= self.bar if self.sense == "at_least" else self.ratio <= self.bar

    def as_dict(self) -> dict[str, object]:
        """The form of bench.json."""
        figures = {"ratio": self.ratio, "ours": self.ours, "reference": self.reference, **self.extra}
        return {**{name: round(value, 3) for name, value in figures.items()}, "unit": self.unit}


async def in_turns(
    ours: Callable[[], Awaitable[float]], reference: Callable[[], Awaitable[float]], rounds: int = 5
) -> tuple[float, float]:
    """Measure both in turns and return the pair with the median ratio, because the speed of these machines drifts."""
    pairs: list[tuple[float, float]] = []
    for _ in range(rounds):
        against = await reference()
        pairs.append((await ours(), against))
    return median_pair(pairs)


def median_pair(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The pair with the median ratio."""
    middle = statistics.median_low([mine / theirs for mine, theirs in pairs])
    return min(pairs, key=lambda pair: abs(pair[0] / pair[1] - middle))
