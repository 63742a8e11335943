"""Numbers of days that are over, kept for a few minutes: they change seldom, and a year of them takes popularity long to read."""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from services.desk.api import Json

# A correction that was made at another process of the desk is seen after this time.
_KEEP_S = 300.0
# An answer has up to 400 days, some 100 KB in memory.
_MOST_ANSWERS = 128

Question = tuple[tuple[str, str], ...]


class PastNumbers:
    """Answers of popularity by their parameters. They are the same for every person who may sign in."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        # In the order of their times.
        self._answers: dict[Question, tuple[float, Json]] = {}

    def get(self, params: Mapping[str, str]) -> Json | None:
        """The kept answer, or None."""
        at, answer = self._answers.get(tuple(sorted(params.items())), (-_KEEP_S, None))
        return answer if self._clock() - at < _KEEP_S else None

    def keep(self, params: Mapping[str, str], answer: Json) -> None:
        """Keep an answer about days that are over."""
        question = tuple(sorted(params.items()))
        self._answers.pop(question, None)
        while len(self._answers) >= _MOST_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[question] = self._clock(), answer

    def forget(self) -> None:
        """Forget everything: a correction was made."""
        self._answers.clear()


def joined(past: Json, live: Json) -> Json:
    """The answer of a span from those of its two parts. Pure. Visitors of days add up: a reader of two days is two visitors."""
    items: dict[str, dict[str, object]] = {}
    for item in _lists(past.get("items"), live.get("items")):
        key = str(item.get("key"))
        items[key] = _sum(items[key], item) if key in items else dict(item)
    totals = [one for answer in (past, live) if isinstance(one := answer.get("total"), Mapping)]
    total = _sum(totals[0], totals[1]) if len(totals) == 2 else None
    adjustments = {str(one.get("id")): one for one in _lists(past.get("adjustments"), live.get("adjustments"))}
    return {**live, "items": list(items.values()), "total": total, "adjustments": list(adjustments.values())}


def _sum(first: Mapping[str, object], second: Mapping[str, object]) -> dict[str, object]:
    """Both with their views and visitors added up; None where one of them has none."""
    found = dict(second)
    for name in ("views", "visitors"):
        values = (first.get(name), second.get(name))
        found[name] = sum(one for one in values if isinstance(one, int)) if None not in values else None
    return found


def _lists(*found: object) -> Iterable[Mapping[str, object]]:
    return (one for items in found if isinstance(items, list) for one in items if isinstance(one, Mapping))
