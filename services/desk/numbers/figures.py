"""Figures of the pages: a chart, the table behind it, what they add up to. Pure: answers of popularity in, figures out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from services.desk.api import Json
from services.desk.numbers.adjustments import Adjustment, adjustments_of
from services.desk.numbers.charts import Bar, Chart, bar_chart, share_bar
from services.desk.numbers.series import CLASSES, Change, Point, by_week, change_of, points_of, views_of, whole
from services.desk.numbers.spans import DaySpan
from services.desk.visit import items_of
from services.desk.words import Words

# So many labels have room below the bars of a phone: times of day, and days with the longest names of months.
_HOUR_LABELS, _DAY_LABELS = 4.5, 3.5
_HOUR_STEPS = (1, 2, 3, 6, 12, 24)


@dataclass(frozen=True)
class Row:
    """A line of the table behind a chart. `adjusted`: views that corrections have added, or taken when negative."""

    label: str
    views: int
    visitors: int | None
    before: int | None
    classes: Mapping[str, int]
    adjusted: int
    is_open: bool


@dataclass(frozen=True)
class Figure:
    """A chart with the table behind it. `visitors` is of the whole span, where popularity knows it."""

    id: str
    title: str
    span: DaySpan
    days: str
    days_before: str
    chart: Markup
    rows: Sequence[Row]
    classes: Sequence[str]
    views: int
    visitors: int | None
    change: Change | None
    before: DaySpan | None
    peak: str
    definition: str
    adjustments: Sequence[Adjustment]
    zone: ZoneInfo

    @property
    def last_passed(self) -> date:
        """The last day that the comparison takes in."""
        until = self.change.until if self.change else None
        return self.span.last if until is None else (until - timedelta(minutes=1)).astimezone(self.zone).date()

    @property
    def has_visitors(self) -> bool:
        """Whether rows have visitors: those of hours are not known."""
        return any(row.visitors for row in self.rows)

    @property
    def has_adjusted(self) -> bool:
        """Whether a row was corrected."""
        return any(row.adjusted for row in self.rows)


@dataclass(frozen=True)
class Share:
    """A line of a table of parts: articles, sections, referrers. `bar` shows the number as a length."""

    key: str
    name: str
    url: str
    section: str
    views: int
    visitors: int | None
    bar: Markup


def figure_of(
    name: str, title: str, span: DaySpan, found: Json, before: Json | None, words: Words, zone: ZoneInfo, now: datetime
) -> Figure:
    """The figure of a span from an answer by hour or day, and of the span before it where there is one. `name` is its id."""
    points = points_of(items_of(found), span, zone)
    earlier = [] if before is None or span.before is None else points_of(items_of(before), span.before, zone)
    adjustments = adjustments_of(found.get("adjustments"))
    weeks, weeks_before = by_week(points), by_week(earlier)
    labels = [_row_label(point, span, words, zone) for point in weeks]
    rows = [
        Row(label, point.views, point.visitors, _views_at(weeks_before, index), point.classes,
            _adjusted(adjustments, point), point.start <= now < point.end)
        for index, (label, point) in enumerate(zip(labels, weeks, strict=True))
    ]  # fmt: skip
    peak = max(rows, key=lambda row: row.views, default=None)
    most = "" if peak is None or not peak.views else words.text(
        "numbers.peak", when=peak.label, views=words.count("numbers.views_count", peak.views)
    )  # fmt: skip
    views = views_of(points)
    about = f"{words.count('numbers.views_count', views)}. {most}"
    ticks = _ticks(weeks, span, words, zone)
    bars = [_bar(row, tick, words) for row, tick in zip(rows, ticks, strict=True)]
    return Figure(
        id=name,
        title=title,
        span=span,
        days=days_of(span, words),
        days_before="" if span.before is None else days_of(span.before, words),
        chart=bar_chart(Chart(name, title, about, bars), words.number, is_rtl=words.dir == "rtl"),
        rows=rows,
        classes=[one for one in CLASSES if any(row.classes.get(one) for row in rows)],
        views=views,
        visitors=_total_visitors(found),
        change=change_of(points, earlier, now) if earlier else None,
        before=span.before if earlier else None,
        peak=most,
        definition=str(found.get("definition") or ""),
        adjustments=adjustments,
        zone=zone,
    )


def days_of(span: DaySpan, words: Words) -> str:
    """The days of a span in words."""
    if span.length == 1:
        return words.weekday_and_day(span.first)
    return words.text("calendar.span", first=words.short_day(span.first), last=words.short_day(span.last))


def shares_of(items: Iterable[Mapping[str, object]], words: Words, *, most: int = 0) -> Sequence[Share]:
    """The parts of an answer, most viewed first. `most`: at most so many, 0 for all."""
    ordered = sorted(items, key=lambda item: -whole(item, "views"))
    full = max((whole(item, "views") for item in ordered), default=0)
    return [_share(item, full, words) for item in (ordered[:most] if most else ordered)]


def _share(item: Mapping[str, object], full: int, words: Words) -> Share:
    key, views = str(item.get("key") or item.get("article_id") or ""), whole(item, "views")
    return Share(
        key=key,
        name=str(item.get("headline") or ""),
        url=str(item.get("url") or ""),
        section=str(item.get("section") or ""),
        views=views,
        visitors=whole(item, "visitors") if item.get("visitors") is not None else None,
        bar=share_bar(views, full, is_rtl=words.dir == "rtl"),
    )


def _total_visitors(found: Json) -> int | None:
    total = found.get("total")
    return whole(total, "visitors") if isinstance(total, Mapping) and total.get("visitors") is not None else None


def _views_at(points: Sequence[Point], index: int) -> int | None:
    return points[index].views if index < len(points) else None


def _adjusted(adjustments: Iterable[Adjustment], point: Point) -> int:
    return sum(one.views for one in adjustments if one.window_start and point.start <= one.window_start < point.end)


def _bar(row: Row, tick: tuple[str, bool], words: Words) -> Bar:
    tip = f"{row.label}: {words.count('numbers.views_count', row.views)}"
    if row.before is not None:
        tip = f"{tip}, {words.text('numbers.was', number=words.number(row.before))}"
    if row.is_open:
        tip = f"{tip} {words.text('numbers.so_far')}"
    return Bar(row.views, tip, tick[0], tick[1], row.before, row.is_open)


def _row_label(point: Point, span: DaySpan, words: Words, zone: ZoneInfo) -> str:
    if span.grain == "hour":
        hour = f"{words.time(point.start)}–{words.time(point.end)}"
        return hour if span.length == 1 else f"{words.day_in_year(point.start.astimezone(zone))} {hour}"
    first, last = (moment.astimezone(zone).date() for moment in (point.start, point.end - timedelta(minutes=1)))
    return days_of(DaySpan(first, last), words)


def _ticks(points: Sequence[Point], span: DaySpan, words: Words, zone: ZoneInfo) -> Sequence[tuple[str, bool]]:
    """For each bar its label, empty for none, and whether it is a minor one. The last day always has one."""
    if span.grain == "hour":
        step = next((hours for hours in _HOUR_STEPS if hours >= len(points) / _HOUR_LABELS), _HOUR_STEPS[-1])
        places = [point.start.astimezone(zone).hour for point in points]
        return [_tick(place, step, words.time, point.start) for place, point in zip(places, points, strict=True)]
    step = max(1, round(len(points) / _DAY_LABELS))
    step += step % 2 if step > 1 else 0
    return [
        _tick(len(points) - 1 - index, step, words.day_in_year, point.start.astimezone(zone))
        for index, point in enumerate(points)
    ]


def _tick(place: int, step: int, label: Callable[[datetime], str], moment: datetime) -> tuple[str, bool]:
    if place % step == 0:
        return label(moment), False
    return (label(moment), True) if step % 2 == 0 and place % (step // 2) == 0 else ("", False)
