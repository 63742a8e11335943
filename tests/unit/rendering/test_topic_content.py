"""Changes between two reads of a live topic: places of comments, and which comments have changed."""

from dataclasses import replace

from services.rendering.gateway.live.topic_content import (
    FRONT,
    CommentChanges,
    PlacedComment,
    ShownComment,
    article_topic,
    changed_comments,
    placed_comments,
    state_of,
    topic_of,
)
from services.rendering.pages.comment_models import CommentsView, ThreadView
from services.rendering.readmodel.names import SITE, article_name, front_name, threads_name
from tests.support.look_samples import comment


def page(*threads: ThreadView) -> list[PlacedComment]:
    return placed_comments(CommentsView(threads=threads))


def states(placed: list[PlacedComment]) -> dict[str, ShownComment]:
    return {comment.view.comment_id: state_of(comment.view) for comment in placed}


def test_comment_follows_its_predecessor_and_opener_follows_a_thread() -> None:
    placed = page(ThreadView(comment(1), (comment(2, 1, 1), comment(3, 2, 2))), ThreadView(comment(4)))

    assert [(item.view.comment_id, item.thread, item.after) for item in placed] == [
        ("c1", "c1", ""),
        ("c2", "c1", "c1"),
        ("c3", "c1", "c2"),
        ("c4", "c4", "c1"),
    ]


def test_unchanged_page_has_no_changed_comments() -> None:
    placed = page(ThreadView(comment(1), (comment(2, 1, 1),)))

    assert changed_comments(states(placed), placed) == CommentChanges([], [], [])


def test_new_removed_and_missing_comments_are_changes() -> None:
    before = page(ThreadView(comment(1), (comment(2, 1, 1),)), ThreadView(comment(3)))
    now = page(ThreadView(replace(comment(1), removed=True), (comment(2, 1, 1), comment(4, 1, 1))))

    changes = changed_comments(states(before), now)

    assert [(item.view.comment_id, item.view.removed) for item in changes.put] == [("c1", True), ("c4", False)]
    assert (changes.voted, changes.gone) == ([], ["c3"])


def test_edit_and_pick_put_a_comment_again_and_votes_alone_do_not() -> None:
    before = page(ThreadView(comment(1), (comment(2, 1, 1), comment(3, 1, 1), comment(4, 1, 1))))
    edited, picked = replace(comment(2, 1, 1), body_html="<p>No.</p>"), replace(comment(3, 1, 1), picked=True)
    voted = replace(comment(4, 1, 1), votes_up=2)

    changes = changed_comments(states(before), page(ThreadView(comment(1), (edited, picked, voted))))

    assert [item.view for item in changes.put] == [edited, picked]
    assert (changes.voted, changes.gone) == ([voted], [])


def test_topic_of_a_document() -> None:
    assert topic_of(front_name(SITE)) == FRONT
    assert topic_of(article_name("a")) == topic_of(threads_name("a")) == article_topic("a")
    assert topic_of("path:/world/a") == ""
