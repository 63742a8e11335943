"""Charts as SVG. Pure: numbers and their labels in, markup out. No style of its own: classes are in `static/numbers.css`.

Widths are percentages and heights are pixels, so that a chart fills a phone and a wall screen without scaling its text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

Formatted = Callable[[int], str]

# Pixels: above the highest mark, of the bars, below the base line.
_TOP, _HEIGHT, _BELOW = 14, 176, 24
_BASE = _TOP + _HEIGHT
# Width of a digit of the axis, with its distance to the plot.
_DIGIT, _GAP = 8, 10
# Part of its place that a bar fills.
_FILLED = 0.78
_MOST_MARKS = 4
# Nearer to the edge than this percentage, a label does not stand in the middle of its bar: it would be cut.
_EDGE = 7.0


@dataclass(frozen=True)
class Bar:
    """One bar. `label` is its place on the axis in short, empty for none; `tip` says all of it.

    `before` is the value that it is compared with. An open bar still grows. A minor label is left out on a phone.
    """

    value: int
    tip: str
    label: str = ""
    is_minor: bool = False
    before: int | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Chart:
    """A bar chart. `id` is unique in its page; `title` and `description` are for people who do not see it."""

    id: str
    title: str
    description: str
    bars: Sequence[Bar]


def bar_chart(chart: Chart, number: Formatted, *, is_rtl: bool = False) -> Markup:
    """The chart with an axis of values beside it. Time runs to the left in a right-to-left page."""
    marks = marks_of(max((max(bar.value, bar.before or 0) for bar in chart.bars), default=0))
    names = f"{chart.id}-title {chart.id}-about"
    parts = [_grid(marks), *(_bar(index, chart.bars, marks[-1], is_rtl) for index in range(len(chart.bars)))]
    return Markup(
        '<div class="chart">{axis}'
        '<svg class="plot" width="100%" height="{height}" role="img" aria-labelledby="{names}" direction="ltr">'
        '<title id="{id}-title">{title}</title><desc id="{id}-about">{about}</desc>{parts}</svg></div>'
    ).format(axis=_axis(marks, number), height=_BASE + _BELOW, names=names, id=chart.id, title=chart.title,
             about=chart.description, parts=Markup("").join(parts))  # fmt: skip


def share_bar(value: int, most: int, *, is_rtl: bool = False) -> Markup:
    """A bar for a cell of a table, whose number says the same. `most` is the value of a full bar."""
    width = 0.0 if most <= 0 else 100 * max(0, min(value, most)) / most
    start = 100 - width if is_rtl else 0
    return Markup('<svg class="share" width="100%" height="12" aria-hidden="true">{}</svg>').format(
        _rect("bar", start, 0, width, 12)
    )


def marks_of(most: int) -> Sequence[int]:
    """The values that the axis marks: from 0 to the first round one that is not below `most`, in equal steps of 1, 2 or 5."""
    step, tens = 1, 1
    while True:
        for digit in (1, 2, 5):
            step = digit * tens
            count = -(-most // step)
            if count <= _MOST_MARKS:
                return [step * number for number in range(max(count, 1) + 1)]
        tens *= 10


def _axis(marks: Sequence[int], number: Formatted) -> Markup:
    labels = [number(mark) for mark in marks]
    width = _GAP + _DIGIT * max(map(len, labels))
    texts = (
        _text(str(width / 2), _y(mark, marks[-1]) + 4, label, "middle")
        for mark, label in zip(marks, labels, strict=True)
    )
    return Markup('<svg class="axis" width="{}" height="{}" aria-hidden="true" direction="ltr">{}</svg>').format(
        width, _BASE + _BELOW, Markup("").join(texts)
    )


def _grid(marks: Sequence[int]) -> Markup:
    line = Markup('<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>')
    return Markup("").join(
        line.format("grid" if mark else "base", _pixels(_y(mark, marks[-1])), _pixels(_y(mark, marks[-1])))
        for mark in marks
    )


def _bar(index: int, bars: Sequence[Bar], most: int, is_rtl: bool) -> Markup:
    bar, place = bars[index], 100 / len(bars)
    left = place * (len(bars) - 1 - index if is_rtl else index)
    start, width, top = left + place * (1 - _FILLED) / 2, place * _FILLED, _y(max(bar.value, 0), most)
    # The whole column shows the tip: a small bar is hard to point at.
    drawn = [_rect("column", left, _TOP, place, _HEIGHT)]
    if bar.value > 0:
        drawn.append(_rect("bar open" if bar.is_open else "bar", start, top, width, _BASE - top))
    if bar.before is not None:
        level = _pixels(_y(max(bar.before, 0), most))
        line = Markup('<line class="before" x1="{}%" x2="{}%" y1="{}" y2="{}"/>')
        drawn.append(line.format(_percent(left), _percent(left + place), level, level))
    if bar.label:
        drawn.append(_label(left + place / 2, bar))
    return Markup("<g><title>{}</title>{}</g>").format(bar.tip, Markup("").join(drawn))


def _label(centre: float, bar: Bar) -> Markup:
    anchor, x = "middle", centre
    if centre < _EDGE:
        anchor, x = "start", 0.0
    elif centre > 100 - _EDGE:
        anchor, x = "end", 100.0
    return _text(f"{_percent(x)}%", _BASE + 17, bar.label, anchor, "minor" if bar.is_minor else "")


def _text(x: str, y: float, text: str, anchor: str, name: str = "") -> Markup:
    kind = Markup(' class="{}"').format(name) if name else ""
    return Markup('<text x="{}" y="{}" text-anchor="{}"{}>{}</text>').format(x, _pixels(y), anchor, kind, text)


def _rect(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"/>').format(
        name, _percent(x), _pixels(y), _percent(width), _pixels(height)
    )


def _y(value: int, most: int) -> float:
    return _BASE - _HEIGHT * value / most


def _percent(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _pixels(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
