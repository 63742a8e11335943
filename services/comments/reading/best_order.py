"""The roots of a discussion in the order of readers' votes. No I/O.

Most comments have no votes: they are in the order of age already, and only the others are sorted.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.comments.model.records import PastVotes, VoteCount
from services.comments.reading.ranking import RankKey, rank_key, votes_at

_UNVOTED = (0.0, 0)


# Lists that are read on at the same time, each with the order of its own moment.
_MOST_MOMENTS = 8


@dataclass(frozen=True)
class _Voted:
    """The places of the roots with votes at one moment, in order, and their ids."""

    places: Sequence[RankKey]
    ids: frozenset[str]


class BestOrder:
    """The votes of roots, published or not."""

    def __init__(self) -> None:
        self._past: dict[str, Sequence[PastVotes]] = {}
        self._moments: OrderedDict[int, _Voted] = OrderedDict()

    def put(self, root_id: str, past: Sequence[PastVotes]) -> None:
        """Take over the past counts of a root."""
        if past and self._past.get(root_id) != past:
            self._past[root_id] = past
            self._moments.clear()

    def behind(
        self, number: int, after: RankKey | None, unhidden: Sequence[str], is_hidden: Callable[[str], bool]
    ) -> Iterator[str]:
        """The roots behind the place `after`, by their votes after the count `number`. `unhidden`: visible roots, by age."""
        voted = self._voted(number)
        start = 0 if after is None else bisect_right(voted.places, after)
        middle = bisect_right(voted.places, (*_UNVOTED, "\U0010ffff"))
        yield from (place[2] for place in voted.places[start:middle] if not is_hidden(place[2]))
        for position in range(_first_unvoted(after, unhidden), len(unhidden)):
            if unhidden[position] not in voted.ids:
                yield unhidden[position]
        yield from (place[2] for place in voted.places[max(start, middle) :] if not is_hidden(place[2]))

    def _voted(self, number: int) -> _Voted:
        found = self._moments.get(number)
        if found is None:
            counts = ((root_id, votes_at(past, number)) for root_id, past in self._past.items())
            places = sorted(rank_key(votes, root) for root, votes in counts if votes != VoteCount())
            found = self._moments[number] = _Voted(places, frozenset(place[2] for place in places))
            if len(self._moments) > _MOST_MOMENTS:
                self._moments.popitem(last=False)
        return found


def _first_unvoted(after: RankKey | None, roots: Sequence[str]) -> int:
    if after is None or after[:2] < _UNVOTED:
        return 0
    return bisect_right(roots, after[2]) if after[:2] == _UNVOTED else len(roots)
