"""Charts of numbers: round axes, bars in the order of time, what people who do not see them are told."""

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desk.numbers.charts import Bar, Chart, bar_chart, marks_of, share_bar

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*bars: Bar, is_rtl: bool = False) -> ElementTree.Element:
    """The chart as a tree: it is well-formed."""
    markup = bar_chart(Chart("day", "Today & <now>", "7 views.", bars), str, is_rtl=is_rtl)
    return ElementTree.fromstring(str(markup))


def named(tree: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """The elements of a class."""
    return [one for one in tree.iter() if name in (one.get("class") or "").split()]


def number(text: str | None) -> float:
    return float((text or "nan").rstrip("%"))


@given(st.integers(min_value=0, max_value=10**12))
def test_axis_reaches_the_highest_value_in_few_equal_steps(most: int) -> None:
    marks = marks_of(most)

    assert (marks[0] == 0 and marks[-2] <= most <= marks[-1]) or most == 0
    assert 2 <= len(marks) <= 5
    assert len({after - before for before, after in itertools.pairwise(marks)}) == 1
    assert re.fullmatch("[125]0*", str(marks[1]))


def test_bars_are_as_high_as_their_values_and_marks_stand_at_those_before() -> None:
    tree = drawn(Bar(50, "first", before=100), Bar(100, "second", is_open=True), Bar(0, "third"))

    first, second = named(tree, "value")
    (mark,) = named(tree, "before")
    assert number(first.get("height")) * 2 == number(second.get("height"))
    assert mark.get("y1") == second.get("y")
    assert "open" in str(second.get("class")).split()


@pytest.mark.parametrize("is_rtl", [False, True])
def test_time_runs_in_the_direction_of_the_page(is_rtl: bool) -> None:
    tree = drawn(Bar(1, "first", "a"), Bar(1, "second", "b"), is_rtl=is_rtl)

    first, second = named(tree, "value")
    assert (number(first.get("x")) > number(second.get("x"))) is is_rtl
    assert all(
        number(bar.get("x")) >= 0 and number(bar.get("x")) + number(bar.get("width")) <= 100 for bar in (first, second)
    )


def test_chart_names_itself_and_each_bar_and_escapes_texts() -> None:
    tree = drawn(Bar(3, "14:00 <b>: 3 views", "14:00"))

    plot = next(one for one in tree.iter("svg") if one.get("role") == "img")
    texts = {one.get("id"): one.text for one in plot if one.get("id")}
    assert [texts[name] for name in str(plot.get("aria-labelledby")).split()] == ["Today & <now>", "7 views."]
    assert [one.text for one in plot.iter("title")][1:] == ["14:00 <b>: 3 views"]


def test_chart_without_values_has_an_axis_and_no_bar() -> None:
    assert named(drawn(Bar(0, "first")), "value") == []
    assert named(drawn(), "base")


def test_share_bar_fills_its_part_from_the_start_of_the_line() -> None:
    assert 'x="0%"' in share_bar(25, 100)
    assert 'width="25%"' in share_bar(25, 100)
    assert 'x="75%"' in share_bar(25, 100, is_rtl=True)
    assert 'width="0%"' in share_bar(-5, 100)
    assert 'width="0%"' in share_bar(0, 0)
