"""Records that a fetch has overtaken are waited for, and no longer than it is worth."""

from collections.abc import Sequence

import pytest

from shared.events import Record
from shared.kafka.offset_gaps import OffsetGaps

VIEWS = ("views.v1", 0)


def records(*offsets: int) -> list[Record]:
    return [Record("views.v1", 0, offset, b"key", b"value", (), 0) for offset in offsets]


def joined(holes: OffsetGaps, position: int, *offsets: int, partition: object = VIEWS) -> Sequence[int]:
    return [record.offset for record in holes.joined(partition, position, records(*offsets))]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("position", "offsets", "taken"),
    [(5, (5, 6, 7), [5, 6, 7]), (5, (5, 6, 9, 10), [5, 6]), (5, (8, 9), [])],
    ids=["none is missing", "some in the middle", "the first"],
)
def test_what_stands_before_a_hole_is_taken(position: int, offsets: Sequence[int], taken: Sequence[int]) -> None:
    assert joined(OffsetGaps(0.5), position, *offsets) == taken


def test_a_hole_that_stays_is_passed_over_and_the_next_is_waited_for_anew() -> None:
    clock = Clock()
    holes = OffsetGaps(0.5, clock)
    assert joined(holes, 5, 7, 8, 11) == []
    clock.now += 0.4
    assert joined(holes, 5, 7, 8, 11) == []
    clock.now += 0.2

    assert joined(holes, 5, 7, 8, 11) == [7, 8]
    clock.now += 0.4
    assert joined(holes, 9, 11) == []
    clock.now += 0.2
    assert joined(holes, 9, 11) == [11]


def test_a_hole_that_was_filled_and_one_of_another_partition_are_not_taken_for_one() -> None:
    clock = Clock()
    holes = OffsetGaps(0.5, clock)
    assert joined(holes, 5, 7) == []
    clock.now += 0.4
    assert joined(holes, 5, 5, 6, 7) == [5, 6, 7]
    assert joined(holes, 5, 7, partition=("views.v1", 1)) == []
    clock.now += 0.4

    assert joined(holes, 5, 7, partition=("views.v1", 1)) == []
    assert joined(holes, 8, 9) == []


def test_where_offsets_may_be_missing_for_good_nothing_is_waited_for() -> None:
    assert joined(OffsetGaps(0), 5, 7, 9) == [7, 9]
