"""The Wilson lower bound as an order of comments."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comments.model.records import VoteCount
from services.comments.reading.ranking import wilson_lower_bound, with_vote

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
