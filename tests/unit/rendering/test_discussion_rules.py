"""Rules for events about a whole discussion: pages say whether readers may comment."""

from datetime import timedelta

from services.rendering.pages.comment_models import CommentsView
from services.rendering.pages.queries import discussion_of
from shared import topics
from shared.events import DiscussionChanged, Erased
from tests.support.projector import MORNING, a_comment, an_article
from tests.support.read_model import Memory

ARTICLE = an_article(id="a1")
END = MORNING + timedelta(days=14)


def a_change(version: int, **changes: object) -> DiscussionChanged:
    fields: dict[str, object] = {"id": "discussion:a1", "version": version, "article_id": "a1", "open": False}
    return DiscussionChanged.model_validate(fields | changes)


def shown(memory: Memory, *, comments_open: bool = True) -> CommentsView:
    view = memory.ask(lambda snapshot: discussion_of(snapshot, an_article(id="a1", comments_open=comments_open), None))
    assert view is not None
    return view


def test_closed_discussion_keeps_its_comments_and_opens_again() -> None:
    memory = Memory()
    memory.apply(ARTICLE, a_comment("a1", id="c1"))

    touched = memory.apply(a_change(1, closes_at=END, votes=False))
    closed = shown(memory)
    memory.apply(a_change(2, open=True))

    assert touched == {"discussion:a1"}
    assert (closed.open, closed.closed_at, closed.total, len(closed.threads)) == (False, END, 1, 1)
    assert (shown(memory).open, shown(memory).closed_at) == (True, None)
    assert (closed.can_vote, shown(memory).can_vote) == (False, True)
    assert not shown(memory, comments_open=False).open


def test_outdated_event_of_a_discussion_changes_nothing_and_is_announced_again() -> None:
    memory = Memory()
    memory.apply(a_change(3), a_change(2, open=True))

    assert memory.apply(a_change(3, open=True)) == {"discussion:a1"}
    assert not shown(memory).open


def test_erased_article_has_no_state_of_its_discussion() -> None:
    memory = Memory()
    memory.apply(ARTICLE, a_change(1))

    touched = memory.apply(Erased(id="a1"))
    memory.apply(a_change(2))

    assert "discussion:a1" in touched
    assert "discussion:a1" not in memory.documents


def test_tombstone_of_a_discussion_opens_it() -> None:
    memory = Memory()
    memory.apply(a_change(4, closes_at=END))

    memory.apply_to(topics.COMMENTS, Erased(id="discussion:a1"))
    memory.apply(a_change(3))

    assert (shown(memory).open, shown(memory).closed_at) == (True, None)
