"""Readers' discussions in MongoDB: the work follows the answer, and every instance has the others' changes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

import pytest

from services.comments.model import comment_store
from services.comments.model.comment_store import CommentStore
from services.comments.model.records import Comment, IndexEntry
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


def _as_bytes(page: DiscussionPage) -> bytes:
    return b" ".join(root.encode() for root in page.roots if page.comments[root].status == "published")


async def _replace_without_note(store: Store, comment: Comment) -> None:
    async def work(session: Session) -> None:
        await store.comments.replace(comment, session)

    await store.mongo.transaction(work)


async def _replace(store: Store, comment: Comment) -> None:
    await _replace_without_note(store, comment)
    await store.discussions.note(comment.article_id, comment.id)


async def test_page_reads_what_it_returns_at_any_size(store: Store, mongo_database: str) -> None:
    for size in (10, 200):
        article_id = new_id()
        await _add(store, *(_a_comment(article_id) for _ in range(size)))
        counting = CountingComments(store.mongo.database(mongo_database))
        discussions = Discussions(counting, store.discussions)
        await discussions.page(article_id, "oldest", None, 1)

        counting.count_read = 0
        page = await discussions.page(article_id, "newest", None, 1)
        reply = _a_comment(article_id, page.comments[page.roots[0]])
        await _add(store, reply)
        await store.discussions.note(article_id, reply.id)
        changed = await discussions.page(article_id, "newest", None, 1)

        assert (page.total, changed.total, len(changed.comments)) == (size, size + 1, 2)
        assert counting.count_read == 1 + 1 + 2, "a page, a change, a page with the reply"


async def test_instance_has_the_changes_of_others_also_after_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_store, "MOST_REMEMBERED_CHANGES", 2)
    article_id, discussions = new_id(), Discussions(store.comments, store.discussions)
    top, other = _a_comment(article_id), _a_comment(article_id)
    await _add(store, top, other)
    assert (await discussions.page(article_id, "oldest", None, 9)).roots == [top.id, other.id]

    await _replace(store, replace(top, status="removed"))
    without = await discussions.page(article_id, "oldest", None, 9)
    replies = [_a_comment(article_id, top) for _ in range(4)]
    for reply in replies:
        await _add(store, reply)
        await store.discussions.note(article_id, reply.id)
    after = await discussions.page(article_id, "oldest", None, 9)

    assert (without.roots, without.total) == ([other.id], 1)
    assert (after.roots, after.total) == ([top.id, other.id], 5)
    assert set(after.comments) == {top.id, other.id, *(reply.id for reply in replies)}


async def test_late_approval_below_unpublished_comments_brings_their_places(store: Store) -> None:
    article_id, discussions = new_id(), Discussions(store.comments, store.discussions)
    chain = [replace(_a_comment(article_id), status="pending")]
    for _ in range(3):
        chain.append(replace(_a_comment(article_id, chain[-1]), status="pending"))
    await _add(store, *chain)
    assert (await discussions.page(article_id, "oldest", None, 9)).roots == []

    await _replace(store, replace(chain[-1], status="published"))
    page = await discussions.page(article_id, "oldest", None, 9)

    assert (page.roots, page.total, set(page.comments)) == ([chain[0].id], 1, {comment.id for comment in chain})


async def test_first_reading_above_the_limit_leaves_out_the_newest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (comment_store, discussion_index):
        monkeypatch.setattr(module, "MOST_IN_A_DISCUSSION", 3)
    article_id = new_id()
    comments = [_a_comment(article_id) for _ in range(6)]
    await _add(store, *comments)

    page = await Discussions(store.comments, store.discussions).page(article_id, "oldest", None, 9)

    assert (page.roots, page.total) == ([comment.id for comment in comments[:3]], 3)


async def test_answer_is_written_once_until_the_discussion_changes(store: Store, mongo_database: str) -> None:
    article_id, clock = new_id(), Clock()
    counting = CountingComments(store.mongo.database(mongo_database))
    discussions = Discussions(counting, store.discussions, clock)

    async def answer(limit: int = 20) -> bytes:
        return await discussions.answer((article_id, "oldest", None, limit), _as_bytes)

    comments = [_a_comment(article_id) for _ in range(3)]
    await _add(store, *comments)
    whole = b" ".join(comment.id.encode() for comment in comments)

    assert [await answer(), await answer(1), await answer()] == [whole, comments[0].id.encode(), whole]
    read = counting.count_read
    assert set(await asyncio.gather(*(answer() for _ in range(20)))) == {whole}
    assert counting.count_read == read

    removed = replace(comments[0], version=2, status="removed")
    await _replace(store, removed)
    assert await answer() == whole.partition(b" ")[2]

    # A change whose note was lost.
    await _replace_without_note(store, replace(comments[1], version=2, status="removed"))
    clock.now_s += 6
    assert await answer() == comments[2].id.encode()


async def test_kept_answers_are_bounded_with_their_questions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.comments.reading.discussions._MOST_ANSWER_BYTES", 1450)
    article_id, clock = new_id(), Clock()
    discussions = Discussions(store.comments, store.discussions, clock)
    comment = _a_comment(article_id)
    await _add(store, comment)
    written: list[int] = []

    def write(_: DiscussionPage) -> bytes:
        written.append(1)
        return b"x" * 100

    async def answer(limit: int, after: str | None = None) -> None:
        await discussions.answer((article_id, "oldest", after, limit), write)

    for limit in (1, 2, 3, 3, 2, 1):
        await answer(limit)
    assert len(written) == 4, "the first one gave way, the others were kept"
    for limit in range(1, 9):
        await answer(limit, comment.id)
    await answer(1)
    assert len(written) == 12, "pages behind the last comment are not kept: anyone can write their cursors"
    clock.now_s += 6
    await answer(3)
    assert discussions._answer_bytes == 700, "what is too old gives way"
