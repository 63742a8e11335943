"""The roots of a discussion in the order of readers' votes. No I/O.

Most comments have no votes: they are in the order of age already, and only the others are sorted. Their present order is kept
sorted; that of a past moment differs from it in the roots that were counted since, and only these are ranked anew.
"""

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.comments.model.records import PastVotes, VoteCount
from services.comments.reading.ranking import RankKey, rank_key, votes_at

_UNVOTED = (0.0, 0)
_BEHIND_ALL_IDS = "\U0010ffff"

# Lists that are read on at the same time, each with the order of its own moment.
_MOST_MOMENTS = 8


@dataclass(frozen=True)
class _Voted:
    """The places of the roots with votes at one moment, in order, and their ids."""

    places: Sequence[RankKey]
    ids: frozenset[str]

    def unhidden(self, start: int, end: int, is_hidden: Callable[[str], bool]) -> Iterator[str]:
        """The visible roots at these positions. Takes no copy: a page has few of many."""
        return (root for position in range(start, end) if not is_hidden(root := self.places[position][2]))


class BestOrder:
    """The votes of roots, published or not."""

    def __init__(self) -> None:
        self._past: dict[str, Sequence[PastVotes]] = {}
        self._places: list[RankKey] = []
        # The number of the last count of each root, and the root.
        self._last_counts: list[tuple[int, str]] = []
        self._moments: OrderedDict[int, _Voted] = OrderedDict()

    def put(self, root_id: str, past: Sequence[PastVotes]) -> None:
        """Take over the past counts of a root."""
        before = self._past.get(root_id)
        if not past or before == past:
            return
        if before is not None:
            del self._places[bisect_left(self._places, _last_place(root_id, before))]
            del self._last_counts[bisect_left(self._last_counts, (before[-1].number, root_id))]
        self._past[root_id] = past
        insort(self._places, _last_place(root_id, past))
        insort(self._last_counts, (past[-1].number, root_id))
        self._moments.clear()

    def number_before(self, minute: int) -> int:
        """The number of the last count before a time, in minutes since 1970, of those that no other count of its root followed."""
        position = bisect_left(self._last_counts, minute, key=lambda one: self._past[one[1]][-1].minute)
        return self._last_counts[position - 1][0] if position else 0

    def behind(
        self, number: int, after: RankKey | None, unhidden: Sequence[str], is_hidden: Callable[[str], bool]
    ) -> Iterator[str]:
        """The roots behind the place `after`, by their votes after the count `number`. `unhidden`: visible roots, by age."""
        voted = self._voted(number)
        start = 0 if after is None else bisect_right(voted.places, after)
        middle = bisect_right(voted.places, (*_UNVOTED, _BEHIND_ALL_IDS))
        yield from voted.unhidden(start, middle, is_hidden)
        for position in range(_first_unvoted(after, unhidden), len(unhidden)):
            if unhidden[position] not in voted.ids:
                yield unhidden[position]
        yield from voted.unhidden(max(start, middle), len(voted.places), is_hidden)

    def _voted(self, number: int) -> _Voted:
        found = self._moments.get(number)
        if found is None:
            places = self._places_at(number)
            found = self._moments[number] = _Voted(places, frozenset(place[2] for place in places))
            if len(self._moments) > _MOST_MOMENTS:
                self._moments.popitem(last=False)
        return found

    def _places_at(self, number: int) -> Sequence[RankKey]:
        """The places of the roots with votes after the count `number`, in order."""
        counted = self._last_counts[bisect_right(self._last_counts, (number, _BEHIND_ALL_IDS)) :]
        since = {root_id for _, root_id in counted}
        places = [place for place in self._places if place[2] not in since]
        counts = ((root_id, votes_at(self._past[root_id], number)) for root_id in since)
        places += [rank_key(votes, root_id) for root_id, votes in counts if votes != VoteCount()]
        # The kept part is sorted, so this takes few comparisons.
        places.sort()
        del places[bisect_left(places, (*_UNVOTED, "")) : bisect_right(places, (*_UNVOTED, _BEHIND_ALL_IDS))]
        return places


def _last_place(root_id: str, past: Sequence[PastVotes]) -> RankKey:
    return rank_key(VoteCount(past[-1].up, past[-1].down), root_id)


def _first_unvoted(after: RankKey | None, roots: Sequence[str]) -> int:
    if after is None or after[:2] < _UNVOTED:
        return 0
    return bisect_right(roots, after[2]) if after[:2] == _UNVOTED else len(roots)
