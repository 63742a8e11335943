"""The score of a comment by its votes."""

import pytest

from shared.votes import wilson_lower_bound


def test_score_prefers_many_votes_of_the_same_share() -> None:
    assert wilson_lower_bound(0, 0) == wilson_lower_bound(0, 9) == 0
    assert wilson_lower_bound(1, 0) < wilson_lower_bound(10, 0) < wilson_lower_bound(100, 1) < 1
    # The published example of the interval for 9 of 10 at 95 %: 0.596 to 0.982.
    assert wilson_lower_bound(9, 1) == pytest.approx(0.596, abs=0.0005)
