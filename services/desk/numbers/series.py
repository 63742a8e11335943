"""Views by hour or day from answers of popularity: filled, compared, grouped, added up. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.desk.numbers.spans import DaySpan

# Classes of referrers, in the order of the pages.
CLASSES = ("search", "social", "site", "other", "none", "adjusted")
# More bars are too thin for a phone: days become weeks.
MOST_BARS = 100
_WEEK = 7
_NO_VIEWS = {"views": 0, "visitors": 0}

Item = Mapping[str, object]


@dataclass(frozen=True)
class Point:
    """One hour, day or week: views, visitors where they are known, views by class of referrer where they are known."""

    start: datetime
    end: datetime
    views: int = 0
    visitors: int | None = None
    classes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """The views of two spans, as far as the later one has passed. `until` is None when it has passed as a whole."""

    views: int
    before: int
    until: datetime | None = None

    @property
    def percent(self) -> int | None:
        """The change in percent; None without views before."""
        return None if self.before <= 0 else round(100 * (self.views - self.before) / self.before)


def points_of(items: Iterable[Item], span: DaySpan, zone: ZoneInfo) -> Sequence[Point]:
    """One point for each hour or day of the span, in order. Hours and days that the answer leaves out have no views."""
    places = span.places(zone)
    by_key = {str(item.get("key")): item for item in items}
    if span.grain == "day":
        found = [by_key.get(str(start.astimezone(zone).date())) for start, _ in places]
    else:
        by_start = {datetime.fromisoformat(key): item for key, item in by_key.items()}
        found = [by_start.get(start) for start, _ in places]
    return [_point(start, end, item or _NO_VIEWS) for (start, end), item in zip(places, found, strict=True)]


def change_of(points: Sequence[Point], before: Sequence[Point], now: datetime) -> Change:
    """Compare the hours or days that have passed with the same ones before. The running one would always look like a loss."""
    passed = sum(1 for point in points if point.end <= now)
    until = points[passed].start if passed < len(points) else None
    return Change(views_of(points[:passed]), views_of(before[:passed]), until)


def views_of(points: Iterable[Point]) -> int:
    """The views of several points."""
    return sum(point.views for point in points)


def by_week(points: Sequence[Point]) -> Sequence[Point]:
    """Days as weeks, the last of which is whole; points that are few enough stay as they are."""
    if len(points) <= MOST_BARS:
        return points
    rest = len(points) % _WEEK
    starts = [0, *range(rest, len(points), _WEEK)] if rest else [*range(0, len(points), _WEEK)]
    groups = [points[start:end] for start, end in zip(starts, [*starts[1:], len(points)], strict=True)]
    return [Point(group[0].start, group[-1].end, views_of(group), _visitors_of(group)) for group in groups]


def classes_of(items: Iterable[Item]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Views by class of referrer, and by host of the class `other`, most first, from an answer by referrer."""
    views = {str(item.get("key")): whole(item, "views") for item in items}
    hosts = {key.removeprefix("other:"): count for key, count in views.items() if key.startswith("other:")}
    classes = {name: views.get(name, 0) for name in CLASSES if name in views}
    if hosts and "other" not in classes:
        classes["other"] = sum(hosts.values())
    if not any(classes.values()):
        return {}, {}
    # There are no corrections on most days.
    ordered = {name: classes[name] for name in CLASSES if classes.get(name) or (name in classes and name != "adjusted")}
    return ordered, dict(sorted(hosts.items(), key=lambda one: (-one[1], one[0])))


def whole(item: Item, name: str) -> int:
    """A whole number of an answer; 0 without one."""
    value = item.get(name)
    return int(value) if isinstance(value, int | float) else 0


def _visitors_of(points: Sequence[Point]) -> int | None:
    # A visitor has another name each day, so that days add up.
    known = [point.visitors for point in points if point.visitors is not None]
    return sum(known) if known else None


def _point(start: datetime, end: datetime, item: Item) -> Point:
    classes = item.get("referrers")
    known = classes if isinstance(classes, Mapping) else {}
    visitors = whole(item, "visitors") if item.get("visitors") is not None else None
    return Point(start, end, whole(item, "views"), visitors, {name: whole(known, name) for name in known})


def is_within(moment: datetime, points: Sequence[Point]) -> bool:
    """Whether a moment lies in the span of the points."""
    return bool(points) and points[0].start <= moment < points[-1].end
