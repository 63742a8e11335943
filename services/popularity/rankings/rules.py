"""Rules of rankings: merged tops, trends, articles that rise, and when a ranking has changed. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from services.popularity.model.rules import DAY, HOUR
from services.popularity.model.store import PartitionState
from shared.events import RankedArticle

# A ranking that was not confirmed for so long is stale: its answer says so.
STALE_AFTER = timedelta(seconds=10)
# About three standard deviations of an hour's views: seldom by chance.
RISING_FROM = 3.0
# A trend's score changes with every view; a smaller change is not worth a record.
_SCORE_CHANGE = 0.05
_HOURS = DAY // HOUR


@dataclass(frozen=True)
class Line:
    """An article of a ranking before its card is known. `score` is null in a ranking by views."""

    article: str
    views: int
    score: float | None = None


def top(lists: Iterable[Mapping[str, float]], most: int) -> list[tuple[str, float]]:
    """The first articles of several partitions; exact, since an article has one partition. Ties by id, newest first."""
    merged = [pair for scores in lists for pair in scores.items()]
    merged.sort(key=lambda pair: pair[0], reverse=True)
    merged.sort(key=lambda pair: -pair[1])
    return merged[:most]


def decayed_views(trend: float, minute: int, half_life: float) -> float:
    """The decayed views at `minute` of a trend: log2 of the sum of 2^(t / half-life), times in minutes.

    Forward decay: Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009. A logarithm has no landmark and never overflows.
    """
    return float(2.0 ** min(trend - minute / half_life, 1000.0))


def rising_score(hour: int, day: int, age: int) -> float:
    """How far an article's views of the last hour exceed its own past, in standard deviations.

    `hour`, `day`: its views of the last hour and of the last 24; `age`: minutes since its publication. The past is its mean an
    hour before the last one, over 23 hours, or since the publication and at least one hour. Views are taken as a Poisson
    process, whose variance is its mean; 4 keeps an article without a past from rising by two views.
    """
    past_hours = min(_HOURS - 1, max(1.0, age / HOUR - 1))
    expected = max(0, day - hour) / past_hours
    return float((hour - expected) / (expected + 4) ** 0.5)


def has_changed(before: Sequence[RankedArticle] | None, after: Sequence[RankedArticle]) -> bool:
    """Whether a ranking differs from the published one by more than small changes of its scores."""
    return before is None or any(_differ(one, other) for one, other in zip_longest(before, after))


def _differ(one: RankedArticle | None, other: RankedArticle | None) -> bool:
    if one is None or other is None or one.score is None or other.score is None:
        return one != other
    far = abs(one.score - other.score) > _SCORE_CHANGE * max(abs(one.score), abs(other.score))
    return far or one.model_copy(update={"score": other.score}) != other


def has_counted(states: Sequence[PartitionState], ends: Mapping[int, int], log: str) -> bool:
    """Whether all partitions of this log were counted up to these ends."""
    return len(ends) == len(states) and all(
        state.log == log and state.position >= ends.get(number, state.position + 1)
        for number, state in enumerate(states)
    )


def is_stale(computed_at: datetime | None, now: datetime) -> bool:
    """Whether a ranking is too old to pass for the present one. None: there is none yet."""
    return computed_at is None or now - computed_at > STALE_AFTER
