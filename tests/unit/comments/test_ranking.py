"""The Wilson lower bound as an order of comments."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comments.model.records import PastVotes, VoteCount
from services.comments.reading.ranking import (
    KEPT_MINUTES,
    BestCursor,
    pause_s,
    votes_at,
    with_count,
    with_vote,
)
from shared.votes import wilson_lower_bound

COUNTS = st.integers(0, 100_000)


@given(COUNTS, COUNTS)
def test_bound_solves_wilsons_equation(up: int, down: int) -> None:
    bound, number = wilson_lower_bound(up, down), up + down

    if up:
        # Wilson 1927: the share is z standard errors, taken at the bound, above the bound.
        assert up / number - bound == pytest.approx(1.959963984540054 * sqrt(bound * (1 - bound) / number), rel=1e-6)
    else:
        assert bound == 0


@given(COUNTS, COUNTS)
def test_bound_is_below_the_share_and_grows_with_votes_for(up: int, down: int) -> None:
    bound = wilson_lower_bound(up, down)

    assert 0 <= bound <= (up / (up + down) if up else 0)
    assert wilson_lower_bound(up + 1, down) > bound
    assert wilson_lower_bound(up, down + 1) <= bound


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(2, 50))
def test_same_share_of_more_votes_ranks_higher(up: int, down: int, times: int) -> None:
    assert wilson_lower_bound(up * times, down * times) > wilson_lower_bound(up, down)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([1, 0, -1])), max_size=60))
def test_counts_are_the_last_votes_of_the_visitors(cast: list[tuple[int, int]]) -> None:
    counts, votes = VoteCount(), dict[int, int]()
    for visitor, value in cast:
        counts = with_vote(counts, votes.get(visitor, 0), value)
        votes[visitor] = value

    assert counts == VoteCount(
        sum(value == 1 for value in votes.values()), sum(value == -1 for value in votes.values())
    )


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_past_counts_of_a_list_younger_than_an_hour_are_all_kept(steps: list[tuple[int, int, int]]) -> None:
    past: tuple[PastVotes, ...] = ()
    history, minute = [VoteCount()], 1000
    made_at = {0: minute}
    for number, (wait, up, down) in enumerate(steps, 1):
        minute += wait
        past = with_count(past, PastVotes(number, minute, up, down))
        history.append(VoteCount(up, down))
        made_at[number] = minute

        for moment, counts in enumerate(history):
            # A list that took this moment as its order when the next count came, or later.
            ended = made_at.get(moment + 1, minute)
            if not BestCursor(moment, ended, 0, 0, "").is_over(minute):
                assert votes_at(past, moment) == counts


def test_past_of_a_comment_with_many_votes_is_bounded() -> None:
    past: tuple[PastVotes, ...] = ()
    at_s, most = 0.0, 0
    for number in range(4000):
        at_s += pause_s(past)
        past = with_count(past, PastVotes(number, int(at_s // 60), number, 0))
        most = max(most, len(past))

    assert at_s > 3 * KEPT_MINUTES * 60
    assert most <= 200


@pytest.mark.parametrize(
    "parts", [("1", "2", "3", "4", "x"), ("1", "2", "3", "0" * 26), ("-1", "2", "3", "4", "0" * 26)]
)
def test_text_of_another_kind_is_no_cursor(parts: tuple[str, ...]) -> None:
    assert BestCursor.of(parts) is None


def test_cursor_survives_its_text() -> None:
    cursor = BestCursor(12, 29_000_000, 3, 4, "0" * 26)

    assert BestCursor.of(cursor.parts) == cursor
