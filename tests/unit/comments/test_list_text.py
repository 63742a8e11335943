"""A list's answer, put together from threads: the same bytes as written at once."""

from datetime import UTC, datetime

import pytest

from services.comments.model.records import Comment, VoteCount
from services.comments.model.rules import Status
from services.comments.reading.contract import Discussion
from services.comments.reading.list_text import write_page, write_thread


def _a_comment(comment_id: str, parent: str | None, status: Status = "published") -> Comment:
    return Comment(
        comment_id, 1, "article", parent, comment_id[0], "Ada \u2028", None, '{"items":[] é', "<p>é</p>", status,
        datetime(2026, 11, 30, 7, tzinfo=UTC), votes=VoteCount(2, 1),
    )  # fmt: skip


THREADS = [
    [_a_comment("b1", "b"), _a_comment("b", None, "removed"), _a_comment("b2", "b1")],
    [_a_comment("c", None)],
]


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("cursor", [None, "abc_-"])
def test_answer_of_written_threads_is_that_of_the_contract(count: int, cursor: str | None) -> None:
    answer = write_page([write_thread(thread) for thread in THREADS[:count]], cursor, 4)

    whole = Discussion.model_validate_json(answer)
    assert answer == whole.model_dump_json().encode()
    assert (len(whole.items), whole.next_cursor, whole.total) == (count, cursor, 4)
    if count:
        top = whole.items[0]
        assert (top.id, top.status, top.name, [reply.id for reply in top.replies]) == ("b", "removed", "", ["b1"])
        assert [reply.id for reply in top.replies[0].replies] == ["b2"]


def test_thread_without_public_comments_is_empty() -> None:
    assert write_thread([_a_comment("b", None, "removed"), _a_comment("b1", "b", "pending")]) == b""
