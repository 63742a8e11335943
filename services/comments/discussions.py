"""Discussions for readers: finds the comments of a page by the article's index, and loads only these.

An index is kept in memory with the discussion's version (`DiscussionStore`). A newer version names the comments that changed, so
they alone are read again. Only the first reading, or one after many changes, goes through the article's published comments.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic

from services.comments.comment_store import CommentStore, DiscussionStore
from services.comments.discussion_index import DiscussionIndex
from services.comments.records import Comment
from services.comments.rules import Sort

# 25 MB: an entry takes some 250 bytes. One discussion may exceed it.
_MOST_ENTRIES = 100_000
# An index without entries takes as much as these.
_BESIDES = 10
# Other requests have their turn after these.
_PUT_AT_ONCE = 1000
# A process that is killed between a commit and its note leaves the version too old for what is stored; this ends it.
_KEPT_S = 3600.0


@dataclass(frozen=True)
class DiscussionPage:
    """A page's roots in order, its comments by id, whether there are more, and the article's number of published comments."""

    roots: list[str]
    comments: dict[str, Comment]
    has_more: bool
    total: int


@dataclass
class _Kept:
    version: int = -1
    until: float = 0.0
    index: DiscussionIndex = field(default_factory=DiscussionIndex)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Discussions:
    """Reads pages of discussions. Methods raise Unavailable."""

    def __init__(
        self, comments: CommentStore, versions: DiscussionStore, clock: Callable[[], float] = monotonic
    ) -> None:
        self._comments = comments
        self._versions = versions
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def page(self, article_id: str, sort: Sort, after: str | None, limit: int) -> DiscussionPage:
        """The next `limit` threads after the top comment `after`, or fewer when they are long."""
        index = await self._index(article_id)
        roots, has_more = index.page(sort, after, limit)
        total = index.total
        wanted = set[str]().union(*(index.comments_of(root) for root in roots))
        return DiscussionPage(list(roots), await self._comments.by_ids(wanted), has_more, total)

    async def _index(self, article_id: str) -> DiscussionIndex:
        kept = self._kept.setdefault(article_id, _Kept())
        self._kept.move_to_end(article_id)
        # Requests that wait here find what the first of them has read.
        async with kept.lock:
            # Read before the comments: they are as new as the version, or newer.
            now = await self._versions.find(article_id)
            changed = now.since(kept.version) if self._clock() < kept.until else None
            if changed is None:
                await self._read_all(article_id, kept)
            else:
                await self._mend(kept.index, changed)
            kept.version = now.version
        return kept.index

    async def _read_all(self, article_id: str, kept: _Kept) -> None:
        entries = await self._comments.published_entries(article_id)
        index = DiscussionIndex()
        for number, entry in enumerate(entries):
            index.put(entry)
            if number % _PUT_AT_ONCE == 0:
                await asyncio.sleep(0)
        await self._add_ancestors(index, [entry.id for entry in entries])
        kept.index, kept.until = index, self._clock() + _KEPT_S
        self._make_room()

    async def _mend(self, index: DiscussionIndex, changed: Iterable[str]) -> None:
        if changed:
            for entry in await self._comments.entries(changed):
                index.put(entry)
            await self._add_ancestors(index, changed)

    async def _add_ancestors(self, index: DiscussionIndex, ids: Iterable[str]) -> None:
        missing = index.missing_parents(ids)
        while missing:
            for entry in await self._comments.entries(missing):
                index.put(entry)
            missing = index.missing_parents(missing)

    def _make_room(self) -> None:
        size = sum(_BESIDES + len(kept.index) for kept in self._kept.values())
        while size > _MOST_ENTRIES and len(self._kept) > 1:
            size -= _BESIDES + len(self._kept.popitem(last=False)[1].index)
