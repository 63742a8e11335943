"""The order of comments by readers' votes, now and at a past moment. Pure.

A list is read page by page while votes arrive, on any instance. Its cursor names the last count of votes (`PastVotes.number`) at
the first page; all pages have the order of that moment. So no comment comes twice, and none is left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.comments.model.records import PastVotes, VoteCount
from shared.ids import created_ms
from shared.votes import wilson_lower_bound

_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")

RankKey = tuple[float, int, str]
"""Sorts ascending: best first; the same bound with fewer votes against, then older, first."""

# A list can be continued for this time, so past counts are kept as long.
KEPT_MINUTES = 60
# The clock of another instance may be ahead.
_MINUTES_AHEAD = 1
# A comment with more counts than these in an hour is counted more rarely, which bounds its past: 60 + 60 min / 30 s = 180 entries.
_MANY_COUNTS = 60
_USUAL_PAUSE_S = 5.0
_LONG_PAUSE_S = 30.0


@dataclass(frozen=True)
class BestCursor:
    """The last comment of a page in the order of votes, with its counts then. `number`: the count of votes whose order the list
    has; `minute`: the time of its first page, in minutes since 1970.
    """

    number: int
    minute: int
    up: int
    down: int
    id: str

    @property
    def key(self) -> RankKey:
        """The place of the comment in the order."""
        return rank_key(VoteCount(self.up, self.down), self.id)

    @property
    def parts(self) -> tuple[str, ...]:
        """The cursor as text."""
        return str(self.number), str(self.minute), str(self.up), str(self.down), self.id

    @classmethod
    def of(cls, parts: Sequence[str]) -> "BestCursor | None":
        """The cursor of these parts; None when they are malformed."""
        *numbers, comment_id = parts
        if (
            len(numbers) != 4
            or not all(_NUMBER.fullmatch(number) for number in numbers)
            or created_ms(comment_id) is None
        ):
            return None
        number, minute, up, down = map(int, numbers)
        return cls(number, minute, up, down, comment_id)

    def is_ahead(self, minute: int, number: int) -> bool:
        """Whether no list of this service has begun so late, or with a count above `number`, the discussion's last one."""
        return self.minute > minute + _MINUTES_AHEAD or self.number > number

    def is_over(self, minute: int) -> bool:
        """Whether the list is too old to continue: past counts may be deleted."""
        return minute - self.minute >= KEPT_MINUTES


def rank_key(votes: VoteCount, comment_id: str) -> RankKey:
    """The place of a comment in the order of votes."""
    return -_bound(votes.up, votes.down), votes.down, comment_id


# Most comments have few votes, so the same counts come again and again.
_bound = lru_cache(maxsize=10_000)(wilson_lower_bound)


def votes_at(past: Sequence[PastVotes], number: int) -> VoteCount:
    """The counts after the count of votes `number`."""
    for entry in reversed(past):
        if entry.number <= number:
            return VoteCount(entry.up, entry.down)
    return VoteCount()


def with_count(past: Sequence[PastVotes], newest: PastVotes) -> tuple[PastVotes, ...]:
    """The past counts with a new one. Keeps all that were in force within KEPT_MINUTES before it."""
    oldest = newest.minute - KEPT_MINUTES
    first = sum(1 for entry in past if entry.minute < oldest)
    return (*past[max(0, first - 1) :], newest)


def pause_s(past: Sequence[PastVotes]) -> float:
    """Seconds until the comment's next count."""
    return _USUAL_PAUSE_S if len(past) <= _MANY_COUNTS else _LONG_PAUSE_S


def with_vote(votes: VoteCount, before: int, after: int) -> VoteCount:
    """The counts after one visitor's vote changed from `before` to `after`: 1 for, -1 against, 0 neither."""
    return VoteCount(
        up=votes.up + (after == 1) - (before == 1),
        down=votes.down + (after == -1) - (before == -1),
    )
