"""Readers' discussions in MongoDB: the work follows the answer, and every instance has the others' changes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pytest

from services.comments.model import comment_store
from services.comments.model.comment_store import CommentStore
from services.comments.model.records import Comment, IndexEntry
from services.comments.model.rules import Sort
from services.comments.model.store import Store
from services.comments.reading import discussion_index
from services.comments.reading.discussions import DiscussionPage, Discussions
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Database, Session
from shared.times import now


class CountingComments(CommentStore):
    """Counts the comments that were read."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.count_read = 0

    async def by_ids(self, comment_ids: Iterable[str], session: Session | None = None) -> dict[str, Comment]:
        found = await super().by_ids(comment_ids, session)
        self.count_read += len(found)
        return found

    async def entries(self, comment_ids: Iterable[str]) -> list[IndexEntry]:
        found = await super().entries(comment_ids)
        self.count_read += len(found)
        return found

    async def published_entries(self, article_id: str) -> list[IndexEntry]:
        found = await super().published_entries(article_id)
        self.count_read += len(found)
        return found


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    store = Store(Mongo(mongo_url), starts_as="post", database=mongo_database)
    await store.prepare()
    yield store
    store.mongo.close()


def _a_comment(article_id: str, parent: Comment | None = None) -> Comment:
    comment_id = new_id()
    return Comment(
        comment_id, 1, article_id, parent.id if parent else None, parent.root_id if parent else comment_id,
        "Ada", None, "Yes.", "<p>Yes.</p>", "published", now(),
    )  # fmt: skip


async def _add(store: Store, *comments: Comment) -> None:
    async def work(session: Session) -> None:
        for comment in comments:
            await store.comments.add(comment, session)

    await store.mongo.transaction(work)


@dataclass
class Clock:
    """A clock that the test moves."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def _write(comments: Sequence[Comment]) -> bytes:
    """The ids of a thread's comments, the top one first; empty when none is published."""
    is_public = any(comment.status == "published" for comment in comments)
    return " ".join(sorted(comment.id for comment in comments)).encode() if is_public else b""


def _discussions(store: Store, comments: CommentStore | None = None, clock: Clock | None = None) -> Discussions:
    return Discussions(comments or store.comments, store.discussions, _write, clock or Clock())


async def _page(discussions: Discussions, article_id: str, limit: int = 9, sort: Sort = "oldest") -> DiscussionPage:
    return await discussions.page((article_id, sort, None, limit))


def _written(*threads: Sequence[Comment]) -> list[bytes]:
    return [_write(thread) for thread in threads]


async def _replace_without_note(store: Store, comment: Comment) -> None:
    async def work(session: Session) -> None:
        await store.comments.replace(comment, session)

    await store.mongo.transaction(work)


async def _replace(store: Store, comment: Comment) -> None:
    await _replace_without_note(store, comment)
    await store.discussions.note(comment.article_id, comment.id)


@pytest.mark.parametrize("size", [30, 300])
async def test_page_reads_what_it_returns_and_then_what_changed(store: Store, mongo_database: str, size: int) -> None:
    article_id = new_id()
    comments = [_a_comment(article_id) for _ in range(size)]
    await _add(store, *comments)
    counting = CountingComments(store.mongo.database(mongo_database))
    discussions = _discussions(store, counting)
    await _page(discussions, article_id, 1)

    counting.count_read = 0
    first = await _page(discussions, article_id, 20, "newest")
    assert (first.threads, counting.count_read) == (_written(*([one] for one in comments[:-21:-1])), 20)

    counting.count_read = 0
    reply = _a_comment(article_id, comments[-3])
    await _add(store, reply)
    await store.discussions.note(article_id, reply.id)
    replied = await _page(discussions, article_id, 20, "newest")
    assert replied.threads[2] == _write([comments[-3], reply])
    assert (replied.total, counting.count_read) == (size + 1, 1 + 2), "the reply's place, and its thread"

    counting.count_read = 0
    top = _a_comment(article_id)
    await _add(store, top)
    await store.discussions.note(article_id, top.id)
    grown = await _page(discussions, article_id, 20, "newest")
    assert grown.threads == [_write([top]), *replied.threads[:-1]]
    assert counting.count_read == 1 + 1, "the new comment's place, and the comment"


async def test_instance_has_the_changes_of_others_also_after_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_store, "MOST_REMEMBERED_CHANGES", 2)
    article_id, discussions = new_id(), _discussions(store)
    top, other = _a_comment(article_id), _a_comment(article_id)
    await _add(store, top, other)
    assert (await _page(discussions, article_id)).threads == _written([top], [other])

    await _replace(store, replace(top, status="removed"))
    without = await _page(discussions, article_id)
    replies = [_a_comment(article_id, top) for _ in range(4)]
    for reply in replies:
        await _add(store, reply)
        await store.discussions.note(article_id, reply.id)
    after = await _page(discussions, article_id)

    assert (without.threads, without.total) == (_written([other]), 1)
    assert (after.threads, after.total) == (_written([top, *replies], [other]), 5)


async def test_late_approval_below_unpublished_comments_brings_their_places(store: Store) -> None:
    article_id, discussions = new_id(), _discussions(store)
    chain = [replace(_a_comment(article_id), status="pending")]
    for _ in range(3):
        chain.append(replace(_a_comment(article_id, chain[-1]), status="pending"))
    await _add(store, *chain)
    assert (await _page(discussions, article_id)).threads == []

    await _replace(store, replace(chain[-1], status="published"))
    page = await _page(discussions, article_id)

    assert (page.threads, page.total) == (_written([*chain[:-1], replace(chain[-1], status="published")]), 1)


async def test_first_reading_above_the_limit_leaves_out_the_newest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (comment_store, discussion_index):
        monkeypatch.setattr(module, "MOST_IN_A_DISCUSSION", 3)
    article_id = new_id()
    comments = [_a_comment(article_id) for _ in range(6)]
    await _add(store, *comments)

    page = await _page(_discussions(store), article_id)

    assert (page.threads, page.total) == (_written(*([comment] for comment in comments[:3])), 3)


async def test_thread_is_read_once_until_it_changes_whatever_list_has_it(store: Store, mongo_database: str) -> None:
    article_id, clock = new_id(), Clock()
    counting = CountingComments(store.mongo.database(mongo_database))
    discussions = _discussions(store, counting, clock)
    comments = [_a_comment(article_id) for _ in range(3)]
    await _add(store, *comments)
    whole = _written(*([comment] for comment in comments))

    assert (await _page(discussions, article_id)).threads == whole
    read = counting.count_read
    assert (await _page(discussions, article_id, 1)).threads == whole[:1]
    assert (await _page(discussions, article_id, 2, "newest")).threads == whole[:0:-1]
    assert (await discussions.page((article_id, "best", None, 9))).threads == whole
    pages = await asyncio.gather(*(_page(discussions, article_id) for _ in range(20)))
    assert [page.threads for page in pages] == [whole] * 20
    assert counting.count_read == read

    await _replace(store, replace(comments[0], version=2, status="removed"))
    assert (await _page(discussions, article_id)).threads == whole[1:]

    # A change whose note was lost.
    await _replace_without_note(store, replace(comments[1], version=2, status="removed"))
    clock.now_s += 6
    assert (await _page(discussions, article_id)).threads == whole[2:]


async def test_changed_text_is_seen_also_when_the_discussion_is_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_store, "MOST_REMEMBERED_CHANGES", 1)
    article_id = new_id()
    discussions = Discussions(store.comments, store.discussions, lambda thread: thread[0].body.encode(), Clock())
    comments = [_a_comment(article_id) for _ in range(2)]
    await _add(store, *comments)
    assert (await _page(discussions, article_id)).threads == [b"Yes.", b"Yes."]

    await _replace(store, replace(comments[0], version=2, body="No."))
    assert (await _page(discussions, article_id)).threads == [b"No.", b"Yes."]

    for version in (3, 4):
        await _replace(store, replace(comments[0], version=version, body=f"Text {version}."))
    assert (await _page(discussions, article_id)).threads == [b"Text 4.", b"Yes."]


class OvertakenComments(CommentStore):
    """Its reads of comments by id end after work that a test gives: a change and a list that happen meanwhile."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def by_ids(self, comment_ids: Iterable[str], session: Session | None = None) -> dict[str, Comment]:
        found = await super().by_ids(comment_ids, session)
        if self.meanwhile is not None:
            work, self.meanwhile = self.meanwhile, None
            await work()
        return found


async def test_thread_that_was_read_before_its_change_is_not_kept(store: Store, mongo_database: str) -> None:
    article_id = new_id()
    overtaken = OvertakenComments(store.mongo.database(mongo_database))
    discussions = Discussions(overtaken, store.discussions, lambda thread: thread[0].body.encode(), Clock())
    comment = _a_comment(article_id)
    await _add(store, comment)

    async def change() -> None:
        await _replace(store, replace(comment, version=2, body="No."))
        assert await discussions.total(article_id) == 1

    overtaken.meanwhile = change
    assert (await _page(discussions, article_id)).threads == [b"Yes."], "this request came before the change"
    assert (await _page(discussions, article_id)).threads == [b"No."]
