"""The moderators' queues, in memory. A page reads only the comments that it shows.

`QueueChanges` names the comments that changed since the last request, also in other instances; only these are read again.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from services.comments.model.contact_store import ContactStore
from services.comments.model.days import DAY, FIRST_DAY, midnight
from services.comments.model.queue_changes import QueueChanges
from services.comments.model.records import author_of
from services.comments.model.rules import Queue, Sort
from services.comments.model.store import Store
from services.comments.moderation.queue_index import GROWING, QueueIndex, queues_of
from services.comments.moderation.queue_store import QueueStore
from shared.times import now

# Read everything again after this time: a note can be lost when MongoDB fails after a commit.
_KEPT_S = 3600.0
# Some 30 MB. Above it the index starts anew.
_MOST_ENTRIES = 150_000
# Texts that a search reads in one step, and in one request to a growing queue. The cursor continues from there.
_TEXTS_AT_ONCE = 200
_MOST_SEARCHED = 2_000
# Reading so many pending comments by key takes as long as reading all of them.
_MOST_BY_KEY = 300
_MOST_TEXT = 16_000_000
_FIRST_SPAN_DAYS = 1


@dataclass(frozen=True)
class QueuePage:
    """Comments of a queue in order. `cursor`: the comment after which the next page begins, None on the last page."""

    ids: Sequence[str]
    cursor: str | None


@dataclass(frozen=True)
class QueueCounts:
    """Numbers of comments that wait for a decision, the youngest of each queue, and the version of all queues."""

    pending: int
    reported: int
    newest_pending: str | None
    newest_reported: str | None
    version: int


class Queues:
    """The queues of one instance. Methods raise Unavailable."""

    def __init__(self, store: Store, clock: Callable[[], float] = monotonic) -> None:
        self._changes: QueueChanges = store.queues
        self._contacts: ContactStore = store.contacts
        self._store = QueueStore(store.database)
        self._clock = clock
        self._index = QueueIndex()
        self._texts: dict[str, str] = {}
        self._text_size = 0
        self._version = -1
        self._until = float("-inf")
        self._reading = asyncio.Lock()

    async def counts(self) -> QueueCounts:
        """The numbers of what waits. Costs one read by key when nothing has changed."""
        async with self._reading:
            index = await self._refreshed()
            return QueueCounts(
                index.count("pending"),
                index.count("reported"),
                index.newest("pending"),
                index.newest("reported"),
                self._version,
            )

    async def count_pending(self) -> int:
        """The number of pending comments; the last known one while a moderator's list is read, since posts ask for it."""
        if self._reading.locked() and self._version >= 0:
            return self._index.count("pending")
        return (await self.counts()).pending

    async def page(self, queue: Queue, sort: Sort, after: str | None, limit: int) -> QueuePage:
        """The next `limit` comments of a queue after the comment `after`."""
        async with self._reading:
            await self._refreshed()
            ids = await self._known(queue, sort, after, limit + 1)
        return QueuePage(ids[:limit], ids[limit - 1] if len(ids) > limit else None)

    async def search(
        self, queue: Queue, sort: Sort, after: str | None, limit: int, words: Collection[str]
    ) -> QueuePage:
        """As `page`, of the comments with all these folded words in name or text.

        Of the queues that grow, a request looks at _MOST_SEARCHED comments; a page may have less than `limit` and a cursor.
        """
        found: list[str] = []
        looked_at = 0
        at_once = _TEXTS_AT_ONCE if queue in GROWING else _MOST_ENTRIES
        if self._text_size > _MOST_TEXT:
            self._forget_texts()
        while queue not in GROWING or looked_at < _MOST_SEARCHED:
            # Other requests have their turn between two steps.
            async with self._reading:
                await self._refreshed()
                ids = await self._known(queue, sort, after, at_once)
                await self._read_texts(queue, ids)
                found += [one for one in ids if all(word in self._texts.get(one, "") for word in words)]
            if len(found) > limit:
                return QueuePage(found[:limit], found[limit - 1])
            if len(ids) < at_once:
                return QueuePage(found, None)
            looked_at += len(ids)
            after = ids[-1]
        return QueuePage(found, after)

    async def of_address(self, queue: Queue, sort: Sort, after: str | None, limit: int, email: str) -> QueuePage:
        """As `page`, of the comments of an e-mail address."""
        written = await self._contacts.comments_by(author_of(email))
        entries = await self._store.by_ids(written) if written else []
        ids = sorted((entry.id for entry in entries if queue in queues_of(entry)), reverse=sort == "newest")
        left = [one for one in ids if after is None or (one > after if sort == "oldest" else one < after)]
        return QueuePage(left[:limit], left[limit - 1] if len(left) > limit else None)

    async def _refreshed(self) -> QueueIndex:
        # Taken before the version: a change that leaves `unsent` afterwards is in the version.
        unsent = self._changes.unsent
        now = await self._changes.find()
        changed = now.since(self._version) if self._clock() < self._until else None
        if changed is None or len(self._index) > _MOST_ENTRIES or len(changed := changed.union(unsent)) > _MOST_BY_KEY:
            await self._read_all()
        else:
            await self._read_again(changed)
        self._version = now.version
        return self._index

    async def _read_all(self) -> None:
        index = QueueIndex()
        index.put_all(await self._store.pending())
        index.put_all(await self._store.reported())
        self._index, self._until = index, self._clock() + _KEPT_S
        self._forget_texts()

    async def _read_again(self, comment_ids: Collection[str]) -> None:
        if not comment_ids:
            return
        for entry in await self._store.by_ids(comment_ids):
            self._index.put(entry)
        for comment_id in comment_ids:
            self._text_size -= len(self._texts.pop(comment_id, ""))

    async def _known(self, queue: Queue, sort: Sort, after: str | None, count: int) -> Sequence[str]:
        """The next comments of a queue. Loads earlier days into the index until there are enough."""
        status, span = GROWING.get(queue), timedelta(days=_FIRST_SPAN_DAYS)
        while True:
            known_from = FIRST_DAY if status is None else self._index.known_from.get(status)
            ids = self._index.after(queue, sort, after, count)
            if known_from == FIRST_DAY or (sort == "newest" and len(ids) >= count):
                return ids
            assert status is not None
            # One day more, since the clock of another machine may be ahead.
            end = known_from or midnight(now()) + 2 * DAY
            start = FIRST_DAY if sort == "oldest" else max(end - span, FIRST_DAY)
            entries = await self._store.of_days(status, start, end)
            self._index.known_from[status] = start
            self._index.put_all(entries)
            span *= 2

    async def _read_texts(self, queue: Queue, comment_ids: Sequence[str]) -> None:
        missing = [comment_id for comment_id in comment_ids if comment_id not in self._texts]
        if not missing:
            return
        if queue == "pending" and self._index.count(queue) - len(self._texts) > _MOST_BY_KEY:
            found = await self._store.pending_texts()
        else:
            found = await self._store.texts(missing)
        self._texts |= found
        self._text_size = sum(map(len, self._texts.values()))

    def _forget_texts(self) -> None:
        self._texts, self._text_size = {}, 0
