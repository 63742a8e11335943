"""Lists of articles: the rows in memory, kept as new as the database, and the articles of a page from MongoDB."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pymongo import ASCENDING, IndexModel

from services.ingestion.articles.documents import article_document, read_article
from services.ingestion.articles.list_table import ListRow, ListTable
from services.ingestion.articles.records import Filters
from services.ingestion.articles.rules import Article
from shared.errors import Unavailable
from shared.mongo.collections import Collection, Document, available, ensure_indexes
from shared.times import Clock, now

_log = structlog.get_logger(__name__)

# A change is dated before its commit, which may take 8 s (`shared/mongo/client.py`), and clocks of several hosts differ.
_OVERLAP = timedelta(seconds=30)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_LOAD_RANGE = 256
_WARM_AGAIN_S = 2.0
# A change can commit later than the overlap after its date: its process stood still before the commit.
RELOAD_EVERY_S = 180.0
# Between two steps of a reload, so that it takes little from the requests.
_RELOAD_PAUSE_S = 0.05
_ROW_FIELDS = dict.fromkeys(
    (
        "number", "version", "status", "changed", "text_folded", "author_ids", "submission.at", "schedule.at",
        "published_at", "embargo_until", "working.section", "working.language", "working.headline", "working.tags",
        "working.bylines", "picture_ids", "lead_picture_ids",
    ),
    1,
)  # fmt: skip


class ListStore:
    """Lists of articles. `count` returns the highest number of an article. Every method that waits raises Unavailable."""

    def __init__(self, articles: Collection, count: Callable[[], Awaitable[int]], clock: Clock = now) -> None:
        self.table = ListTable()
        self._articles = articles
        self._count = count
        self._clock = clock
        self._lock = asyncio.Lock()
        # Numbers of refreshes: the last one begun, the last one that succeeded, and the last one that failed.
        self._begun = 0
        self._succeeded = 0
        self._failed: tuple[int, Unavailable | None] = (0, None)
        self._is_asked = False
        # All changes that were committed before this time are in the table. None before the first load.
        self._known_until: datetime | None = None

    async def prepare(self) -> None:
        """Create missing indexes."""
        await ensure_indexes(self._articles, [IndexModel([("updated_at", ASCENDING)])])

    async def warm(self) -> None:
        """Read all rows once, so that no request has to wait for it."""
        while self._known_until is None:
            try:
                await self.refresh()
            except Unavailable as error:
                _log.warning("list.waits", reason=str(error))
                await asyncio.sleep(_WARM_AGAIN_S)

    async def keep_complete(self, every_s: float = RELOAD_EVERY_S) -> None:
        """Read all rows once, and again every `every_s` while lists are asked for. Ends only by cancellation."""
        await self.warm()
        while True:
            await asyncio.sleep(every_s)
            if not self._is_asked:
                continue
            self._is_asked = False
            try:
                await self.reload()
            except Unavailable as error:
                self._is_asked = True
                _log.warning("list.waits", reason=str(error))

    async def reload(self) -> None:
        """Take over all changes that are committed, whatever their date. Requests do not wait for it."""
        async for wanted in self._ranges():
            await self._take(wanted)
            await asyncio.sleep(_RELOAD_PAUSE_S)

    def note(self, article: Article) -> None:
        """Take over a change that this process has committed."""
        self.table.put(_row(article_document(article)))

    async def refresh(self) -> None:
        """Take over the changes of all processes that were committed before this call."""
        begun_before, self._is_asked = self._begun, True
        async with self._lock:
            # The result of one that began after our call, for another caller, is good enough.
            if self._succeeded > begun_before:
                return
            number, failure = self._failed
            if failure is not None and number > begun_before:
                # Else each of those who wait would wait for MongoDB in turn.
                raise Unavailable(str(failure))
            self._begun = number = self._begun + 1
            try:
                await self._refresh()
            except Unavailable as error:
                self._failed = (number, error)
                raise
            self._succeeded = number

    async def _refresh(self) -> None:
        asked_at = self._clock()
        if self._known_until is None:
            async for wanted in self._ranges():
                await self._take(wanted)
        else:
            # After a clock was set back, changes have earlier dates than the last refresh.
            since = min(self._known_until, asked_at) - _OVERLAP
            await self._take({"updated_at": {"$gte": since, "$lt": _LATEST}})
        self._known_until = asked_at

    async def page(self, filters: Filters, before: int | None, limit: int) -> tuple[list[Article], int | None]:
        """Articles below the number `before`, newest first, and the number to continue from (None at the end)."""
        await self.refresh()
        rows, last = self.table.page(filters, before, limit)
        return await self._read(rows), last

    async def scheduled(
        self, filters: Filters, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[list[Article], tuple[datetime, str] | None]:
        """Scheduled articles behind (time, id), the next one first, and where to continue (None at the end)."""
        await self.refresh()
        rows, last = self.table.scheduled(filters, after, limit)
        return await self._read(rows), last

    async def published(self, most: int) -> list[Article]:
        """Articles that readers see, the newest publication first."""
        await self.refresh()
        return await self._read(self.table.published(most))

    async def using(self, picture_id: str) -> list[ListRow]:
        """Articles that show a picture of the store, to readers or in the working copy, newest first."""
        await self.refresh()
        return self.table.using(picture_id)

    async def _ranges(self) -> AsyncIterator[Document]:
        """What to look for, step by step, to see all articles."""
        for low in range(1, await self._count() + 1, _LOAD_RANGE):
            yield {"number": {"$gte": low, "$lt": low + _LOAD_RANGE}}

    async def _take(self, wanted: Document) -> None:
        async with available("list of articles"):
            found = await self._articles.find(wanted, _ROW_FIELDS).to_list(None)
        for document in found:
            if "changed" not in document:
                document["changed"] = await self._is_changed(document["_id"])
            self.table.put(_row(document))

    async def _is_changed(self, article_id: str) -> bool:
        """For an article that was last changed before the field existed."""
        async with available("list of articles"):
            found = await self._articles.find_one({"_id": article_id})
        return found is not None and read_article(found).changed

    async def _read(self, rows: Sequence[ListRow]) -> list[Article]:
        if not rows:
            return []
        async with available("articles"):
            found = await self._articles.find({"_id": {"$in": [row.article_id for row in rows]}}).to_list(None)
        articles = {document["_id"]: read_article(document) for document in found}
        return [articles[row.article_id] for row in rows if row.article_id in articles]


def _row(document: Document) -> ListRow:
    working: dict[str, Any] = document["working"]
    return ListRow(
        article_id=document["_id"],
        number=document["number"],
        version=document["version"],
        status=document["status"],
        section=working["section"],
        language=working["language"],
        headline=working["headline"],
        text=document["text_folded"],
        tags=tuple(working["tags"]),
        bylines=tuple(working["bylines"]),
        author_ids=tuple(document.get("author_ids", ())),
        is_changed=document["changed"],
        is_submitted=bool(document.get("submission")),
        scheduled_for=(document.get("schedule") or {}).get("at"),
        published_at=document.get("published_at"),
        embargo_until=document.get("embargo_until"),
        picture_ids=tuple(document.get("picture_ids", ())),
        lead_picture_ids=tuple(document.get("lead_picture_ids", ())),
    )
