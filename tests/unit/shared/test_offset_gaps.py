"""Offset gaps: wait for the missing records, within a limit."""

from collections.abc import Sequence

import pytest

from shared.events import Record
from shared.kafka.offset_gaps import OffsetGaps

VIEWS = ("views.v1", 0)


def records(*offsets: int) -> list[Record]:
    return [Record("views.v1", 0, offset, b"key", b"value", (), 0) for offset in offsets]


def take(gaps: OffsetGaps, position: int, *offsets: int, partition: object = VIEWS) -> Sequence[int]:
    return [record.offset for record in gaps.before_gap(partition, position, records(*offsets))]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("position", "offsets", "taken"),
    [(5, (5, 6, 7), [5, 6, 7]), (5, (5, 6, 9, 10), [5, 6]), (5, (8, 9), [])],
    ids=["no gap", "gap in the middle", "gap at the start"],
)
def test_records_before_a_gap_are_taken(position: int, offsets: Sequence[int], taken: Sequence[int]) -> None:
    assert take(OffsetGaps(0.5), position, *offsets) == taken


def test_lasting_gap_is_skipped_and_the_next_one_gets_its_own_wait() -> None:
    clock = Clock()
    gaps = OffsetGaps(0.5, clock)
    assert take(gaps, 5, 7, 8, 11) == []
    clock.now += 0.4
    assert take(gaps, 5, 7, 8, 11) == []
    clock.now += 0.2

    assert take(gaps, 5, 7, 8, 11) == [7, 8]
    clock.now += 0.4
    assert take(gaps, 9, 11) == []
    clock.now += 0.2
    assert take(gaps, 9, 11) == [11]


def test_gaps_of_other_partitions_and_filled_gaps_do_not_count() -> None:
    clock = Clock()
    gaps = OffsetGaps(0.5, clock)
    assert take(gaps, 5, 7) == []
    clock.now += 0.4
    assert take(gaps, 5, 5, 6, 7) == [5, 6, 7]
    assert take(gaps, 5, 7, partition=("views.v1", 1)) == []
    clock.now += 0.4

    assert take(gaps, 5, 7, partition=("views.v1", 1)) == []
    assert take(gaps, 8, 9) == []


def test_no_wait_when_offsets_may_be_missing_for_good() -> None:
    assert take(OffsetGaps(0), 5, 7, 9) == [7, 9]
