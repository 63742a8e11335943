"""Precision and recall of the phases on a labelled set. `python -m tests.bench phases` prints them for a larger one."""

from tests.bench.phases import score, untouched
from tests.support.labelled_comments import labelled_comments


def test_phases_find_labelled_comments_and_leave_plain_ones() -> None:
    comments = list(labelled_comments(900, seed=7))

    scores = score(comments)
    within_reach = score([comment for comment in comments if not comment.beyond])

    assert untouched(comments) == 1.0
    assert {name: each for name, each in scores.items() if each.precision < 0.99} == {}
    assert {name: each for name, each in scores.items() if each.recall < 0.9} == {}
    assert {name: each for name, each in within_reach.items() if each.recall < 0.97} == {}
    assert all(each.right > 20 for each in scores.values())
