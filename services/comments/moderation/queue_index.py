"""The moderators' queues without texts: which comments are in which queue, by age. No I/O.

`pending` and `reported` are complete. The others have the comments from the day `known_from` on, and load earlier days on demand.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.comments.model.days import day_of
from services.comments.model.records import Comment
from services.comments.model.rules import QUEUES, Queue, Sort, Status

# By the status from which its comments are loaded.
GROWING: Mapping[Queue, Status] = {"approved": "published", "rejected": "rejected", "spam": "rejected"}


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """The part of a comment that decides about its queues."""

    id: str
    status: Status
    spam: bool
    reports: int


def entry_of(comment: Comment) -> QueueEntry:
    """The entry of a comment."""
    return QueueEntry(comment.id, comment.status, comment.spam, comment.reports)


def queues_of(entry: QueueEntry) -> frozenset[Queue]:
    """The queues of a comment. A reported one is published, so it is in `approved` too; a removed one is in none."""
    if entry.status == "pending":
        return frozenset({"pending"})
    if entry.status == "published":
        return frozenset({"approved", "reported"} if entry.reports else {"approved"})
    if entry.status == "rejected":
        return frozenset({"spam" if entry.spam else "rejected"})
    return frozenset()


class QueueIndex:
    """All queues. Ids sort by age."""

    def __init__(self) -> None:
        self.known_from: dict[Status, datetime] = {}
        self._ids: dict[Queue, list[str]] = {queue: [] for queue in QUEUES}
        self._places: dict[str, frozenset[Queue]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def put(self, entry: QueueEntry) -> None:
        """Add a comment, or move it to the queues of its new state."""
        before = self._places.get(entry.id, frozenset())
        after = frozenset(queue for queue in queues_of(entry) if self._is_known(queue, entry.id))
        for queue in before - after:
            ids = self._ids[queue]
            ids.pop(bisect_left(ids, entry.id))
        for queue in after - before:
            insort(self._ids[queue], entry.id)
        if after:
            self._places[entry.id] = after
        else:
            self._places.pop(entry.id, None)

    def _is_known(self, queue: Queue, comment_id: str) -> bool:
        if queue not in GROWING:
            return True
        known_from = self.known_from.get(GROWING[queue])
        return known_from is not None and day_of(comment_id) >= known_from

    def put_all(self, entries: Iterable[QueueEntry]) -> None:
        """Add many comments. Faster than `put` of each."""
        touched: dict[Queue, list[str]] = {}
        for entry in entries:
            before = self._places.get(entry.id, frozenset())
            after = frozenset(queue for queue in queues_of(entry) if self._is_known(queue, entry.id))
            if before - after:
                self.put(entry)
                continue
            for queue in after - before:
                touched.setdefault(queue, []).append(entry.id)
            if after:
                self._places[entry.id] = after
        for queue, ids in touched.items():
            self._ids[queue] = sorted([*self._ids[queue], *ids])

    def count(self, queue: Queue) -> int:
        """The number of known comments of a queue."""
        return len(self._ids[queue])

    def newest(self, queue: Queue) -> str | None:
        """The youngest comment of a queue."""
        ids = self._ids[queue]
        return ids[-1] if ids else None

    def after(self, queue: Queue, sort: Sort, cursor: str | None, limit: int) -> Sequence[str]:
        """The next known comments of a queue after the comment `cursor`."""
        ids = self._ids[queue]
        if sort == "oldest":
            start = 0 if cursor is None else bisect_right(ids, cursor)
            return ids[start : start + limit]
        end = len(ids) if cursor is None else bisect_left(ids, cursor)
        return ids[max(0, end - limit) : end][::-1]
