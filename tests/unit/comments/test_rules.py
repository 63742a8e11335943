"""Decisions about comments, as pure functions."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comments.rules import (
    DEEPEST,
    STATUSES,
    Action,
    Mode,
    Node,
    NoSuchMove,
    Placed,
    Status,
    arrange,
    can_be_answered,
    count_published,
    first_status,
    next_status,
    page,
)


@pytest.mark.parametrize(
    ("mode", "known", "parent", "status"),
    [
        ("pre", False, None, "pending"),
        ("pre", True, None, "pending"),
        ("post", False, None, "published"),
        ("post", True, "published", "published"),
        ("post", True, "pending", "pending"),
        ("first-comment", False, None, "pending"),
        ("first-comment", True, None, "published"),
        ("first-comment", True, "pending", "pending"),
    ],
)
def test_the_mode_says_who_waits(mode: Mode, known: bool, parent: Status | None, status: Status) -> None:
    assert first_status(mode, known=known, parent=parent) == status


def test_only_what_may_still_be_seen_takes_replies() -> None:
    assert [status for status in STATUSES if can_be_answered(status)] == ["published", "pending"]


MOVES = {
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
def test_every_move_is_in_the_table_or_refused(status: Status, action: Action) -> None:
    if (status, action) in MOVES:
        assert next_status(status, action) == MOVES[status, action]
    else:
        with pytest.raises(NoSuchMove):
            next_status(status, action)


def _walk(nodes: Sequence[Node], depth: int = 0) -> Iterator[tuple[Node, int]]:
    for node in nodes:
        yield node, depth
        yield from _walk(node.replies, depth + 1)


def _discussion(drawn: list[tuple[int, Status]]) -> list[Placed]:
    """Comments whose parents came before them, the newest first."""
    comments = [
        Placed(f"{number:03d}", None if choice % (number + 1) == number else f"{choice % (number + 1):03d}", status)
        for number, (choice, status) in enumerate(drawn)
    ]
    return comments[::-1]


def discussions() -> st.SearchStrategy[list[Placed]]:
    return st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(STATUSES)), max_size=30).map(_discussion)


@given(discussions())
def test_readers_see_each_published_comment_once_whatever_it_hangs_on(comments: list[Placed]) -> None:
    by_id = {comment.id: comment for comment in comments}

    threads = arrange(comments)
    found = [node.id for node, _ in _walk(threads)]

    seen = {comment.id for comment in comments if comment.status == "published"}
    assert len(found) == len(set(found))
    assert {node_id for node_id in found if by_id[node_id].status == "published"} == seen
    assert count_published(threads, {comment.id: comment.status for comment in comments}) == len(seen)


@given(discussions())
def test_what_is_not_published_has_a_place_only_for_a_reply_that_is_seen(comments: list[Placed]) -> None:
    by_id = {comment.id: comment for comment in comments}

    def hangs_below(node_id: str, above: str) -> bool:
        parent = by_id[node_id].parent_id
        return parent is not None and (parent == above or hangs_below(parent, above))

    found = [node.id for node, _ in _walk(arrange(comments))]

    for node_id in found:
        if by_id[node_id].status != "published":
            assert any(by_id[other].status == "published" and hangs_below(other, node_id) for other in found)


@given(discussions())
def test_every_level_is_in_the_order_of_age_and_none_is_too_deep(comments: list[Placed]) -> None:
    threads = arrange(comments)

    assert [node.id for node in threads] == sorted(node.id for node in threads)
    for node, depth in _walk(threads):
        assert depth < DEEPEST
        assert [reply.id for reply in node.replies] == sorted(reply.id for reply in node.replies)


def test_a_thread_as_deep_as_thousands_of_replies_is_laid_out_beside_the_deepest() -> None:
    chain = [Placed(f"{n:05d}", f"{n - 1:05d}" if n else None, "published") for n in range(5000)]

    threads = arrange(chain)

    depths = [depth for _, depth in _walk(threads)]
    assert len(depths) == 5000
    assert max(depths) == DEEPEST - 1


@given(st.lists(st.integers(0, 999), unique=True), st.integers(1, 10), st.sampled_from(["oldest", "newest"]))
def test_pages_joined_are_the_whole(numbers: list[int], limit: int, sort: str) -> None:
    threads = [Node(f"{number:03d}", []) for number in sorted(numbers)]
    found: list[str] = []
    after, more = None, True

    while more:
        shown, more = page(threads, sort, after, limit)  # type: ignore[arg-type]
        found += [node.id for node in shown]
        after = found[-1] if found else None

    whole = [node.id for node in threads]
    assert found == (whole if sort == "oldest" else whole[::-1])
