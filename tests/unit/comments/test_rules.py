"""Decisions about comments, as pure functions."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comments.model.rules import (
    DEEPEST,
    STATUSES,
    Action,
    NotAllowed,
    Status,
    ThreadEntry,
    ThreadNode,
    arrange,
    can_be_answered,
    next_status,
)


def test_only_published_and_pending_comments_take_replies() -> None:
    assert [status for status in STATUSES if can_be_answered(status)] == ["published", "pending"]


NEXT_STATUS = {
    ("pending", "approve"): "published",
    ("pending", "reject"): "rejected",
    ("pending", "remove"): "removed",
    ("published", "approve"): "published",
    ("published", "remove"): "removed",
    ("rejected", "approve"): "published",
    ("rejected", "reject"): "rejected",
    ("removed", "remove"): "removed",
}


@pytest.mark.parametrize("action", ["approve", "reject", "remove"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_action_is_in_the_table_or_refused(status: Status, action: Action) -> None:
    if (status, action) in NEXT_STATUS:
        assert next_status(status, action) == NEXT_STATUS[status, action]
    else:
        with pytest.raises(NotAllowed):
            next_status(status, action)


def _walk(nodes: Sequence[ThreadNode], depth: int = 0) -> Iterator[tuple[ThreadNode, int]]:
    for node in nodes:
        yield node, depth
        yield from _walk(node.replies, depth + 1)


def _discussion(drawn: list[tuple[int, Status]]) -> list[ThreadEntry]:
    """Comments with older parents, newest first."""
    comments = [
        ThreadEntry(
            f"{number:03d}", None if choice % (number + 1) == number else f"{choice % (number + 1):03d}", status
        )
        for number, (choice, status) in enumerate(drawn)
    ]
    return comments[::-1]


def discussions() -> st.SearchStrategy[list[ThreadEntry]]:
    return st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(STATUSES)), max_size=30).map(_discussion)


@given(discussions())
def test_each_published_comment_is_in_the_threads_once(comments: list[ThreadEntry]) -> None:
    by_id = {comment.id: comment for comment in comments}

    threads = arrange(comments)
    found = [node.id for node, _ in _walk(threads)]

    seen = {comment.id for comment in comments if comment.status == "published"}
    assert len(found) == len(set(found))
    assert {node_id for node_id in found if by_id[node_id].status == "published"} == seen


@given(discussions())
def test_unpublished_comment_is_kept_only_for_a_published_reply(comments: list[ThreadEntry]) -> None:
    by_id = {comment.id: comment for comment in comments}

    def is_below(node_id: str, above: str) -> bool:
        parent = by_id[node_id].parent_id
        return parent is not None and (parent == above or is_below(parent, above))

    found = [node.id for node, _ in _walk(arrange(comments))]

    for node_id in found:
        if by_id[node_id].status != "published":
            assert any(by_id[other].status == "published" and is_below(other, node_id) for other in found)


@given(discussions())
def test_every_level_is_ordered_by_age_and_depth_is_limited(comments: list[ThreadEntry]) -> None:
    threads = arrange(comments)

    assert [node.id for node in threads] == sorted(node.id for node in threads)
    for node, depth in _walk(threads):
        assert depth < DEEPEST
        assert [reply.id for reply in node.replies] == sorted(reply.id for reply in node.replies)


def test_chain_of_thousands_of_replies_is_flattened_at_the_deepest_level() -> None:
    chain = [ThreadEntry(f"{n:05d}", f"{n - 1:05d}" if n else None, "published") for n in range(5000)]

    threads = arrange(chain)

    depths = [depth for _, depth in _walk(threads)]
    assert len(depths) == 5000
    assert max(depths) == DEEPEST - 1
