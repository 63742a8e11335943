"""Articles in MongoDB: their slugs, and the transaction that changes them. The stores of lists, revisions and schedules are parts.

`number` counts articles. Ranges of it use an index; the embedded MongoDB scans a whole collection for a sort, a limit or a
range of `_id`.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from pymongo import ASCENDING, IndexModel, ReplaceOne, ReturnDocument

from services.ingestion.articles.commits import Commit, entries_of
from services.ingestion.articles.documents import article_document, read_article
from services.ingestion.articles.history_store import HistoryStore
from services.ingestion.articles.list_store import ListStore
from services.ingestion.articles.recent import RecentArticles
from services.ingestion.articles.records import Change
from services.ingestion.articles.revision_store import RevisionStore
from services.ingestion.articles.rules import Article
from services.ingestion.articles.schedule_store import ScheduleStore
from services.ingestion.people.audit import AuditLog
from services.ingestion.pictures.lookup import Pictures
from shared.errors import WorldMonitorError
from shared.events import ArticleState
from shared.http.idempotency import Answers
from shared.mongo.client import TRANSACTION_S, Mongo
from shared.mongo.collections import (
    Collection,
    Database,
    DuplicateKeyError,
    Session,
    available,
    ensure_indexes,
)
from shared.outbox.store import Outbox, row_of

_REPUBLISH_RANGE = 64
INDEXES = [IndexModel([("number", ASCENDING)], unique=True)]


class Stale(WorldMonitorError):
    """Another change of an article was committed first."""


class SlugTaken(WorldMonitorError):
    """Another article has, or once had, the slug."""


class ArticleStore:
    """Articles. A change is in one transaction, alone or with changes of other articles."""

    def __init__(
        self,
        mongo: Mongo,
        database: Database,
        answers: Answers,
        outbox: Outbox,
        audit: AuditLog,
        pictures: Pictures,
        *,
        keeps_history: bool = True,
    ) -> None:
        self._mongo = mongo
        self._articles: Collection = database["articles"]
        self._slugs: Collection = database["slugs"]
        self._counters: Collection = database["counters"]
        self.answers = answers
        self.outbox = outbox
        self.audit = audit
        self.pictures = pictures
        self.revisions = RevisionStore(database)
        self.schedule = ScheduleStore(database)
        self._recent = RecentArticles()
        self.histories = HistoryStore(database, is_kept=keeps_history)
        self.lists = ListStore(self._articles, self.count)

    async def prepare(self) -> None:
        """Create what is missing: indexes, and the counter of articles."""
        await ensure_indexes(self._articles, INDEXES)
        await self.revisions.prepare()
        await self.lists.prepare()
        await self.schedule.prepare()
        async with available("counter of articles"):
            try:
                await self._counters.insert_one({"_id": "articles", "last": 0})
            except DuplicateKeyError:
                return  # already there

    async def next_number(self) -> int:
        """A new, higher number. An article that is not committed leaves a gap."""
        async with available("counter of articles"):
            counter = await self._counters.find_one_and_update(
                {"_id": "articles"}, {"$inc": {"last": 1}}, return_document=ReturnDocument.AFTER
            )
        return int(counter["last"])

    async def find(self, article_id: str) -> Article | None:
        """The article, or None."""
        async with available("article"):
            found = await self._articles.find_one({"_id": article_id})
        return None if found is None else read_article(found)

    async def find_all(self, article_ids: Sequence[str]) -> list[Article]:
        """The articles with these ids, in no order."""
        async with available("articles"):
            found = await self._articles.find({"_id": {"$in": list(article_ids)}}).to_list(None)
        return list(map(read_article, found))

    def find_recent(self, article_id: str, has_version: Callable[[int], bool]) -> Article | None:
        """The article as this process saved it a moment ago, if its version passes; None when it must be read."""
        return self._recent.find(article_id, has_version)

    async def text_version_of(self, article_id: str) -> int | None:
        """The article's `text_version`, None when there is no such article; without reading its text."""
        async with available("article"):
            found = await self._articles.find_one({"_id": article_id}, {"version": 1, "same_text_since": 1})
        return None if found is None else int(found.get("same_text_since") or found["version"])

    async def free_slugs(self, slugs: Sequence[str]) -> list[str]:
        """The free ones of `slugs`, in the same order. Another request may take one first: `commit` decides."""
        async with available("slugs"):
            taken = {document["_id"] async for document in self._slugs.find({"_id": {"$in": list(slugs)}})}
        return [slug for slug in slugs if slug not in taken]

    async def commit(self, commits: Sequence[Commit], within_s: float = TRANSACTION_S) -> None:
        """Commit changes of different articles in one transaction: all or none.

        Each writes its article, revisions, slugs, schedule, history, acts, outbox message and stored answer. Raises Stale,
        SlugTaken, DuplicateKeyError when a claim already has an answer, Conflict, and Unavailable, after which the outcome
        is *unknown*.
        """
        changes = [commit.change for commit in commits]
        events = [(change.event, commit.message) for change, commit in zip(changes, commits, strict=True)]
        rows = [row_of(event, message) for event, message in events if event is not None and message is not None]
        acts = await self.audit.number(list(entries_of(commits)))

        async def work(session: Session) -> None:
            # First: a process that is second with the same articles conflicts before it has done any work.
            await self.schedule.follow(session, changes)
            for commit in commits:
                if commit.kept is not None:
                    await self.answers.keep(session, commit.kept.claim, commit.kept.answer)
            await self._put(session, changes)
            for change in changes:
                await self._reserve_slugs(session, change)
            await self.revisions.follow(session, changes)
            await self.histories.follow(session, changes)
            await self.audit.add(acts, session)
            await self.outbox.add_rows(session, rows)

        await self._mongo.transaction(work, within_s=within_s)
        for change in changes:
            self._note_committed(change)

    def _note_committed(self, change: Change) -> None:
        self._recent.put(change.after.model_copy(update={"history": ()}))
        self.lists.note(change.after)
        if change.event is not None:
            self.outbox.note_committed(change.event, follows=change.previous_event_version)

    async def _put(self, session: Session, changes: Sequence[Change]) -> None:
        new = [article_document(change.after) for change in changes if change.before is None]
        if new:
            await self._articles.insert_many(new, session=session)
        replaced = [
            ReplaceOne({"_id": change.before.id, "version": change.before.version}, article_document(change.after))
            for change in changes
            if change.before is not None
        ]
        if replaced:
            result = await self._articles.bulk_write(replaced, session=session)
            if result.matched_count < len(replaced):
                raise Stale

    async def _reserve_slugs(self, session: Session, change: Change) -> None:
        before = _slugs_of(change.before) if change.before else frozenset()
        after = _slugs_of(change.after)
        for slug in after - before:
            try:
                await self._slugs.insert_one({"_id": slug, "article_id": change.after.id}, session=session)
            except DuplicateKeyError as error:
                raise SlugTaken from error
        for slug in before - after:
            await self._slugs.delete_one({"_id": slug, "article_id": change.after.id}, session=session)

    async def _top(self) -> int:
        async with available("counter of articles"):
            counter = await self._counters.find_one({"_id": "articles"})
        return 1 if counter is None else int(counter["last"]) + 1

    async def _within(self, low: int, top: int) -> list[Article]:
        async with available("articles"):
            found = await self._articles.find({"number": {"$gte": low, "$lt": top}}).to_list(None)
        return sorted(map(read_article, found), key=lambda article: article.number)

    async def count(self) -> int:
        """The number of numbered articles, about the number of articles."""
        return await self._top() - 1

    async def events_after(self, article_id: str | None) -> AsyncIterator[Sequence[ArticleState]]:
        """The newest event of every article that was ever public, after `article_id` by number, in chunks."""
        low = 1
        if article_id is not None and (last := await self.find(article_id)) is not None:
            low = last.number + 1
        top = await self._top()
        while low < top:
            found = await self._within(low, min(top, low + _REPUBLISH_RANGE))
            low += _REPUBLISH_RANGE
            events = await self.histories.events_of(found)
            if events:
                yield events

    async def latest_events(self, article_ids: Iterable[str]) -> list[ArticleState]:
        """The newest events of these articles."""
        found = [await self.find(article_id) for article_id in article_ids]
        return await self.histories.events_of([article for article in found if article is not None])


def _slugs_of(article: Article) -> frozenset[str]:
    return article.public_slugs | {article.working.slug}
