"""Discussions for readers: finds the threads of a page by the article's index, and reads only those that changed.

An index is kept in memory with the discussion's version (`DiscussionStore`), and threads as they were written (`KeptThreads`).
A newer version names the comments that changed, so only these are read again, with their threads. Only the first reading, or one
after many changes, goes through the article's published comments.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import monotonic, time
from typing import Literal

from services.comments.model.comment_store import CommentStore, DiscussionStore
from services.comments.model.records import Comment, IndexEntry
from services.comments.model.rules import Sort
from services.comments.reading.discussion_index import DiscussionIndex
from services.comments.reading.kept_threads import KeptThreads
from services.comments.reading.ranking import BestCursor
from services.comments.reading.shared_reads import SharedReads
from shared.errors import Problem
from shared.http.problems import field_problem

# 25 MB: an entry takes some 250 bytes. One discussion may exceed it.
_MOST_ENTRIES = 100_000
# An index without entries takes as much as these.
_BESIDES = 10
# Other requests have their turn after these.
_PUT_AT_ONCE = 1000
# A process killed between a commit and its note leaves the version too old. An index of this age is read again.
_KEPT_S = 3600.0
# From a count of votes to its note in the discussion's version, also after a crash.
_NOTED_WITHIN_MINUTES = 5


def foreign_cursor() -> Problem:
    """The refusal of a cursor that no list has given."""
    return field_problem("?cursor", "This cursor was not issued by this service.", status=400)


def current_minute() -> int:
    """The time, in minutes since 1970."""
    return int(time() // 60)


@dataclass(frozen=True)
class DiscussionPage:
    """A page's threads in order, as written, whether there are more, and the article's number of published comments.

    `next`: the cursor's parts behind the last thread.
    """

    threads: Sequence[bytes]
    has_more: bool
    total: int
    next: tuple[str, ...] = ()


@dataclass
class _Kept:
    version: int = -1
    # Number of the last count of votes that the index surely has, since it was noted before the index was read.
    votes: int = 0
    until: float = 0.0
    # Number of the reading that the index came from.
    reading: int = 0
    index: DiscussionIndex = field(default_factory=DiscussionIndex)


Question = tuple[str, Sort, str | None, int] | tuple[str, Literal["best"], BestCursor | None, int]
"""An article, an order, the top comment before the page, and the most threads: a page has fewer when they are long."""

ThreadWriter = Callable[[Sequence[Comment]], bytes]
"""Writes a thread from its comments, in no order. Empty when none of them is public at this moment."""


class Discussions:
    """Reads pages of discussions. Methods raise Unavailable, and 400 for a cursor by votes from the future."""

    def __init__(
        self,
        comments: CommentStore,
        versions: DiscussionStore,
        write: ThreadWriter,
        clock: Callable[[], float] = monotonic,
        minute: Callable[[], int] = current_minute,
    ) -> None:
        self._comments = comments
        self._versions = versions
        self._write = write
        self._clock = clock
        self._minute = minute
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._readings = count(1)
        self._refreshed = SharedReads(self._refresh)
        self._threads = KeptThreads(clock)

    async def total(self, article_id: str) -> int:
        """The article's number of published comments."""
        return (await self._refreshed.get(article_id)).index.total

    async def page(self, question: Question) -> DiscussionPage:
        """The next threads of a list."""
        kept = await self._refreshed.get(question[0])
        # Everything is taken from the index before the first wait: another request may change it.
        roots, has_more, following = self._roots(kept, question)
        total, reading = kept.index.total, kept.reading
        found = {root: text for root in roots if (text := self._threads.get(root, reading)) is not None}
        if len(found) < len(roots):
            found |= await self._read(kept, [root for root in roots if root not in found])
        return DiscussionPage([text for root in roots if (text := found[root])], has_more, total, following)

    async def _read(self, kept: _Kept, roots: Iterable[str]) -> dict[str, bytes]:
        """These threads, read and written anew."""
        version, reading = kept.version, kept.reading
        threads = {root: kept.index.comments_of(root) for root in roots}
        # The comments are read after the version, so they are as new or newer.
        comments = await self._comments.by_ids(set[str]().union(*threads.values()))
        found = {
            root: self._write([comments[comment_id] for comment_id in thread if comment_id in comments])
            for root, thread in threads.items()
        }
        # A comment that changed meanwhile may have been read before its change.
        if (kept.version, kept.reading) == (version, reading):
            for root, text in found.items():
                self._threads.put(root, reading, text)
        return found

    def _roots(self, kept: _Kept, question: Question) -> tuple[Sequence[str], bool, tuple[str, ...]]:
        """A page's roots, whether there are more, and the cursor's parts behind them."""
        if question[1] != "best":
            _, sort, last, limit = question
            roots, has_more = kept.index.page(sort, last, limit)
            return roots, has_more, (roots[-1],) if roots else ()
        _, _, after, limit = question
        if after is not None and after.is_ahead(self._minute(), kept.votes):
            raise foreign_cursor()
        number, minute = kept.votes, self._minute()
        if after is not None:
            # Older orders are not made again: a list's own number is as high.
            number = max(after.number, kept.index.number_before(after.minute - _NOTED_WITHIN_MINUTES))
            minute = after.minute
        roots, has_more = kept.index.best_page(number, None if after is None else after.key, limit)
        if not roots:
            return roots, has_more, ()
        votes = kept.index.votes_at(roots[-1], number)
        return roots, has_more, BestCursor(number, minute, votes.up, votes.down, roots[-1]).parts

    async def _refresh(self, article_id: str) -> _Kept:
        kept = self._kept.setdefault(article_id, _Kept())
        self._kept.move_to_end(article_id)
        # Read before the comments: they are as new as the version, or newer.
        now = await self._versions.find(article_id)
        changed = now.since(kept.version) if self._clock() < kept.until else None
        if changed is None:
            await self._read_all(article_id, kept)
        elif changed:
            # No wait between two of them: another request may read the index.
            for entry in await self._with_ancestors(kept.index, await self._comments.entries(changed)):
                kept.index.put(entry)
            self._threads.drop(kept.index.roots_of(changed))
        kept.version, kept.votes = now.version, now.votes
        return kept

    async def _read_all(self, article_id: str, kept: _Kept) -> None:
        entries = await self._comments.published_entries(article_id)
        index = DiscussionIndex()
        for number, entry in enumerate(entries):
            index.put(entry)
            if number % _PUT_AT_ONCE == 0:
                await asyncio.sleep(0)
        for entry in await self._with_ancestors(index, entries):
            index.put(entry)
        kept.index, kept.reading, kept.until = index, next(self._readings), self._clock() + _KEPT_S
        self._make_room()

    async def _with_ancestors(self, index: DiscussionIndex, entries: Iterable[IndexEntry]) -> Sequence[IndexEntry]:
        """These entries, and those of their ancestors that the index does not know."""
        found = {entry.id: entry for entry in entries}
        missing = index.missing_parents(found.values()) - found.keys()
        while missing:
            above = await self._comments.entries(missing)
            found |= {entry.id: entry for entry in above}
            missing = index.missing_parents(above) - found.keys()
        return list(found.values())

    def _make_room(self) -> None:
        size = sum(_BESIDES + len(kept.index) for kept in self._kept.values())
        while size > _MOST_ENTRIES and len(self._kept) > 1:
            size -= _BESIDES + len(self._kept.popitem(last=False)[1].index)
