"""Comments in the order of votes, and the other orders of a page."""

from services.rendering.pages.comment_models import CommentOrder, CommentsView
from services.rendering.pages.queries import discussion_of
from services.rendering.projector.best_rules import MOST_BEST
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredBest
from shared.events import CommentRemoved, CommentState, Erased, Votes
from tests.support.projector import a_comment, an_article
from tests.support.read_model import Memory

ARTICLE = an_article(id="a1")


def voted(comment: CommentState, up: int, down: int = 0) -> CommentState:
    return comment.model_copy(update={"version": comment.version + 1, "votes": Votes(up=up, down=down)})


def openers(view: CommentsView) -> list[str]:
    return [thread.opener.comment_id for thread in view.threads]


def shown(memory: Memory, order: CommentOrder, number: int | None = None) -> CommentsView:
    view = memory.ask(lambda snapshot: discussion_of(snapshot, ARTICLE, number, order))
    assert view is not None
    return view


def a_model(count: int) -> tuple[Memory, list[CommentState]]:
    memory, comments = Memory(), [a_comment("a1", id=f"c{n:03d}", minute=n) for n in range(count)]
    for start in range(0, count, 50):
        memory.apply(ARTICLE, *comments[start : start + 50])
    return memory, comments


def test_short_discussion_is_sorted_whole() -> None:
    memory, (first, second, third, fourth) = a_model(4)
    reply = a_comment("a1", id="r1", parent_id=third.id, root_id=third.id, minute=9)

    memory.apply(voted(second, 1), voted(third, 5, 1), voted(fourth, 0, 3), voted(reply, 90))
    best = shown(memory, "best")

    assert openers(best) == [third.id, second.id, first.id, fourth.id]
    assert [reply.comment_id for reply in best.threads[0].replies] == ["r1"]
    assert (best.sort, best.page, best.pages, best.total, {thread.path for thread in best.threads}) == (
        "best", 1, 1, 5, {""},
    )  # fmt: skip


def test_newest_threads_come_first_on_every_page() -> None:
    memory, comments = a_model(80)

    newest, oldest = shown(memory, "newest"), shown(memory, "newest", 1)

    assert openers(newest) == [comment.id for comment in reversed(comments[50:])]
    assert openers(oldest) == [comment.id for comment in reversed(comments[:50])]
    assert (newest.sort, newest.page, newest.pages, oldest.page) == ("newest", 2, 2, 1)


def test_best_openers_of_older_pages_lead_a_long_discussion_without_their_replies() -> None:
    memory, comments = a_model(200)
    old, newest = comments[3], comments[199]
    memory.apply(a_comment("a1", id="r1", parent_id=old.id, root_id=old.id, minute=500))

    memory.apply(voted(old, 9), voted(newest, 2))
    best = shown(memory, "best")

    assert openers(best)[:3] == [old.id, newest.id, comments[150].id]
    assert (best.threads[0].path, best.threads[0].replies) == (f"{ARTICLE.url}?comment={old.id}", ())
    assert best.threads[1].path == ""
    assert len(best.threads) <= paged_list.threads_of("a1").front_limit


def test_hidden_and_unvoted_openers_leave_the_best() -> None:
    memory, comments = a_model(200)
    removed, unvoted, erased, edited = comments[:4]
    memory.apply(*(voted(comment, 5) for comment in comments[:4]))

    memory.apply(
        CommentRemoved.model_validate(removed.model_dump() | {"version": 3, "status": "removed"}),
        voted(unvoted, 0).model_copy(update={"version": 3}),
        voted(edited, 5).model_copy(update={"version": 3, "body_html": "<p>Edited.</p>"}),
    )
    memory.erase_comment(erased.id)
    best = memory.documents["best:a1"]
    memory.apply(Erased(id="a1"))

    assert isinstance(best, StoredBest)
    assert [(opener.id, opener.body_html) for opener in best.openers] == [(edited.id, "<p>Edited.</p>")]
    assert "best:a1" not in memory.documents


def test_document_of_the_best_is_bounded() -> None:
    memory, comments = a_model(200)

    for start in range(0, 200, 50):
        memory.apply(
            *(voted(comment, 1 + number) for number, comment in enumerate(comments[start : start + 50], start))
        )
    best = memory.documents["best:a1"]

    assert isinstance(best, StoredBest)
    assert [opener.id for opener in best.openers] == [comment.id for comment in reversed(comments[-MOST_BEST:])]
