"""One article's discussion without its texts: which comments are published, in which thread, beneath which parent. No I/O.

It finds a page's threads and their comments without a look at the others.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from services.comments.model.records import MOST_IN_A_DISCUSSION, IndexEntry, VoteCount
from services.comments.model.rules import Sort
from services.comments.reading.best_order import BestOrder
from services.comments.reading.ranking import RankKey, votes_at

# An answer has at most this many published comments. A thread above it shows its oldest ones; a page ends before the thread that
# would exceed it.
MOST_IN_AN_ANSWER = 1000


class DiscussionIndex:
    """The published comments of an article and their ancestors."""

    def __init__(self) -> None:
        self.total = 0
        self._entries: dict[str, IndexEntry] = {}
        self._published: dict[str, list[str]] = {}
        self._roots: list[str] = []
        self._best = BestOrder()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: IndexEntry) -> None:
        """Add a comment, or take over its new status. An unpublished one counts only as an ancestor of others."""
        before = self._entries.get(entry.id)
        was_published = before is not None and before.is_published
        if entry.is_published and not was_published:
            if self.total < MOST_IN_A_DISCUSSION:
                self._publish(entry)
            else:
                entry = replace(entry, is_published=False)
        elif was_published and not entry.is_published:
            self._hide(entry)
        self._entries[entry.id] = entry
        if entry.id == entry.root_id:
            self._best.put(entry.id, entry.past_votes)

    def _publish(self, entry: IndexEntry) -> None:
        self.total += 1
        thread = self._published.get(entry.root_id)
        if thread is None:
            thread = self._published[entry.root_id] = []
            insort(self._roots, entry.root_id)
        insort(thread, entry.id)

    def _hide(self, entry: IndexEntry) -> None:
        self.total -= 1
        thread = self._published[entry.root_id]
        thread.pop(bisect_left(thread, entry.id))
        if not thread:
            del self._published[entry.root_id]
            self._roots.pop(bisect_left(self._roots, entry.root_id))

    def missing_parents(self, entries: Iterable[IndexEntry]) -> set[str]:
        """The parents of these comments that the index does not know yet."""
        parents = {entry.parent_id for entry in entries if entry.parent_id is not None}
        # `parents - self._entries.keys()` would go through the whole index.
        return {parent for parent in parents if parent not in self._entries}

    def page(self, sort: Sort, after: str | None, limit: int) -> tuple[Sequence[str], bool]:
        """The roots of the next threads after the root `after`, and whether there are more: `limit`, or fewer when long."""
        if sort == "oldest":
            start = 0 if after is None else bisect_right(self._roots, after)
            wanted = self._roots[start : start + limit]
            left = len(self._roots) - start
        else:
            left = len(self._roots) if after is None else bisect_left(self._roots, after)
            wanted = self._roots[max(0, left - limit) : left][::-1]
        shown = self._fitting(wanted)
        return shown, left > len(shown)

    def best_page(self, number: int, after: RankKey | None, limit: int) -> tuple[Sequence[str], bool]:
        """As `page`, by the votes after their count `number`, behind the place `after`."""
        wanted = list(islice(self._best.behind(number, after, self._roots, self._is_hidden), limit + 1))
        shown = self._fitting(wanted[:limit])
        return shown, len(wanted) > len(shown)

    def number_before(self, minute: int) -> int:
        """A number that every list begun at this time, in minutes since 1970, had passed."""
        return self._best.number_before(minute)

    def _is_hidden(self, root_id: str) -> bool:
        return root_id not in self._published

    def votes_at(self, root_id: str, number: int) -> VoteCount:
        """The votes of a root after their count `number`."""
        entry = self._entries.get(root_id)
        return VoteCount() if entry is None else votes_at(entry.past_votes, number)

    def _fitting(self, roots: Sequence[str]) -> Sequence[str]:
        size = 0
        for number, root in enumerate(roots):
            size += min(len(self._published[root]), MOST_IN_AN_ANSWER)
            if number and size > MOST_IN_AN_ANSWER:
                return roots[:number]
        return roots

    def roots_of(self, comment_ids: Iterable[str]) -> set[str]:
        """The roots of these comments, of those that the index knows."""
        return {self._entries[comment_id].root_id for comment_id in comment_ids if comment_id in self._entries}

    def comments_of(self, root_id: str) -> set[str]:
        """A thread's oldest MOST_IN_AN_ANSWER published comments, and their ancestors."""
        found: set[str] = set()
        for comment_id in self._published.get(root_id, ())[:MOST_IN_AN_ANSWER]:
            above: str | None = comment_id
            while above is not None and above not in found:
                found.add(above)
                entry = self._entries.get(above)
                above = None if entry is None else entry.parent_id
        return found
