"""Views that did not count, by reason. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from services.desk.numbers.charts import share_bar
from services.desk.numbers.series import whole
from services.desk.words import Words


@dataclass(frozen=True)
class Drop:
    """A reason, and the views that did not count for it in all days of an answer."""

    reason: str
    views: int
    bar: Markup


def drops_of(items: Iterable[Mapping[str, object]], words: Words) -> Sequence[Drop]:
    """The reasons of an answer by day and reason, the most frequent first."""
    views: Counter[str] = Counter()
    for item in items:
        views[str(item.get("reason") or "")] += whole(item, "views")
    full = max(views.values(), default=0)
    return [
        Drop(reason, count, share_bar(count, full, is_rtl=words.dir == "rtl")) for reason, count in views.most_common()
    ]
