"""The order of comments by readers' votes. Pure."""

from math import sqrt

from services.comments.model.records import VoteCount

# The quantile of the normal distribution for a confidence of 95 %.
_Z = 1.959963984540054


def wilson_lower_bound(up: int, down: int) -> float:
    """Lower bound of the Wilson score interval of the share of votes for a comment, at 95 % confidence: 0 to 1; 0 without votes.

    A comment with few votes stays below one with the same share of many. Sources: E. B. Wilson, "Probable inference, the law of
    succession, and statistical inference", JASA 22 (1927), pp. 209-212; as a ranking: Evan Miller, "How Not To Sort By Average
    Rating" (2009), https://www.evanmiller.org/how-not-to-sort-by-average-rating.html
    """
    number = up + down
    if up == 0:
        return 0.0
    share, square = up / number, _Z * _Z
    middle = share + square / (2 * number)
    margin = _Z * sqrt((share * (1 - share) + square / (4 * number)) / number)
    return (middle - margin) / (1 + square / number)


def with_vote(votes: VoteCount, before: int, after: int) -> VoteCount:
    """The counts after one visitor's vote changed from `before` to `after`: 1 for, -1 against, 0 neither."""
    return VoteCount(
        up=votes.up + (after == 1) - (before == 1),
        down=votes.down + (after == -1) - (before == -1),
    )
