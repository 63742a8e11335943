"""Charts as SVG. Pure: numbers and their labels in, markup out. No style of its own: classes are in `static/numbers.css`.

Widths are percentages and heights are pixels, so that a chart fills a phone and a wall screen without scaling its text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

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
    bars = "".join(_bar(index, chart.bars, marks[-1], is_rtl) for index in range(len(chart.bars)))
    return Markup(
        f'<div class="chart">{_axis(marks, number)}'
        f'<svg class="plot" width="100%" height="{_BASE + _BELOW}" role="img" aria-labelledby="{names}" direction="ltr">'
        f'<title id="{chart.id}-title">{escape(chart.title)}</title><desc id="{chart.id}-about">{escape(chart.description)}</desc>'
        f"{_grid(marks)}{bars}</svg></div>"
    )


def share_bar(value: int, most: int, *, is_rtl: bool = False) -> Markup:
    """A bar for a cell of a table, whose number says the same. `most` is the value of a full bar."""
    width = 0.0 if most <= 0 else 100 * max(0, min(value, most)) / most
    drawn = _rect("value", 100 - width if is_rtl else 0, 0, width, 12)
    return Markup(f'<svg class="share" width="100%" height="12" aria-hidden="true">{drawn}</svg>')


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


def _axis(marks: Sequence[int], number: Formatted) -> str:
    labels = [number(mark) for mark in marks]
    width = _GAP + _DIGIT * max(map(len, labels))
    texts = "".join(
        _text(str(width / 2), _y(mark, marks[-1]) + 4, label, "middle")
        for mark, label in zip(marks, labels, strict=True)
    )
    return (
        f'<svg class="axis" width="{width}" height="{_BASE + _BELOW}" aria-hidden="true" direction="ltr">{texts}</svg>'
    )


def _grid(marks: Sequence[int]) -> str:
    return "".join(_level("grid" if mark else "base", 0, 100, _y(mark, marks[-1])) for mark in marks)


# Strings, since a page may have a hundred bars: Markup that formats itself takes thirty times as long. Texts are escaped here.
def _bar(index: int, bars: Sequence[Bar], most: int, is_rtl: bool) -> str:
    bar, place = bars[index], 100 / len(bars)
    left = place * (len(bars) - 1 - index if is_rtl else index)
    start, width, top = left + place * (1 - _FILLED) / 2, place * _FILLED, _y(max(bar.value, 0), most)
    # The whole column shows the tip: a small bar is hard to point at.
    drawn = [f"<g><title>{escape(bar.tip)}</title>", _rect("column", left, _TOP, place, _HEIGHT)]
    if bar.value > 0:
        drawn.append(_rect("value open" if bar.is_open else "value", start, top, width, _BASE - top))
    if bar.before is not None:
        drawn.append(_level("before", left, left + place, _y(max(bar.before, 0), most)))
    if bar.label:
        drawn.append(_label(left + place / 2, bar))
    return "".join((*drawn, "</g>"))


def _label(centre: float, bar: Bar) -> str:
    anchor, x = "middle", centre
    if centre < _EDGE:
        anchor, x = "start", 0.0
    elif centre > 100 - _EDGE:
        anchor, x = "end", 100.0
    return _text(f"{_percent(x)}%", _BASE + 17, bar.label, anchor, "minor" if bar.is_minor else "")


def _text(x: str, y: float, text: str, anchor: str, name: str = "") -> str:
    kind = f' class="{name}"' if name else ""
    return f'<text x="{x}" y="{_pixels(y)}" text-anchor="{anchor}"{kind}>{escape(text)}</text>'


def _rect(name: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{name}" x="{_percent(x)}%" y="{_pixels(y)}" width="{_percent(width)}%" height="{_pixels(height)}"/>'


def _level(name: str, start: float, end: float, y: float) -> str:
    return f'<line class="{name}" x1="{_percent(start)}%" x2="{_percent(end)}%" y1="{_pixels(y)}" y2="{_pixels(y)}"/>'


def _y(value: int, most: int) -> float:
    return _BASE - _HEIGHT * value / most


def _percent(value: float) -> str:
    return f"{value:.2f}".removesuffix("00").removesuffix(".")


def _pixels(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
