"""The answer of a list as bytes, thread by thread. No I/O."""

from collections.abc import Mapping, Sequence

from services.comments.model import rules
from services.comments.model.records import Comment, thread_entry
from services.comments.model.rules import ThreadNode
from services.comments.reading.contract import Discussion, ThreadAnswer

_NO_ITEMS = b'{"items":[]'


def write_page(threads: Sequence[bytes], next_cursor: str | None, total: int) -> bytes:
    """The answer with these threads, as `write_thread` wrote them."""
    without = Discussion(items=[], next_cursor=next_cursor, total=total).model_dump_json().encode()
    return _NO_ITEMS[:-1] + b",".join(threads) + b"]" + without.removeprefix(_NO_ITEMS)


def write_thread(comments: Sequence[Comment]) -> bytes:
    """A thread from its comments, in no order. Empty when none of them is public at this moment."""
    by_id = {comment.id: comment for comment in comments}
    nodes = rules.arrange([thread_entry(comment) for comment in comments])
    return b",".join(thread.model_dump_json().encode() for thread in _with_replies(nodes, by_id))


def _with_replies(nodes: Sequence[ThreadNode], comments: Mapping[str, Comment]) -> list[ThreadAnswer]:
    return [ThreadAnswer.with_replies(comments[node.id], _with_replies(node.replies, comments)) for node in nodes]
