"""Decisions about comments: which take replies, which actions a moderator has, the layout of threads. No I/O, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Mode = Literal["pre", "post", "first-comment"]
Status = Literal["published", "pending", "rejected", "removed"]
Action = Literal["approve", "reject", "remove"]
DecisionAction = Literal["approve", "reject", "spam", "remove"]
# The actions in the audit of a comment.
AuditAction = Literal["approve", "reject", "spam", "remove", "undo", "erase", "pick", "unpick"]
Sort = Literal["oldest", "newest"]
Queue = Literal["pending", "reported", "approved", "rejected", "spam"]
WhenWebhookFails = Literal["publish", "hold"]

MODERATORS = frozenset({"moderator", "editor", "admin"})

# Deeper replies are listed beside their parent, which `parent_id` still names: clients need no unbounded recursion.
DEEPEST = 10

_LEADS_TO: Mapping[Action, Status] = {"approve": "published", "reject": "rejected", "remove": "removed"}
# A rejection can be undone. A removal is final, since readers saw it.
_ALLOWED_FROM: Mapping[Action, frozenset[Status]] = {
    "approve": frozenset({"pending", "rejected"}),
    "reject": frozenset({"pending"}),
    "remove": frozenset({"published", "pending"}),
}
STATUSES: tuple[Status, ...] = get_args(Status)
QUEUES: tuple[Queue, ...] = get_args(Queue)


class NotAllowed(Exception):
    """The comment's state does not allow the action."""


def can_be_answered(parent: Status) -> bool:
    """Whether a comment takes replies. A pending one does, so that its writer may add to it."""
    return parent in ("published", "pending")


def next_status(current: Status, action: Action) -> Status:
    """The status after an action; the same status for a repeated action. Raises NotAllowed."""
    wanted = _LEADS_TO[action]
    if current != wanted and current not in _ALLOWED_FROM[action]:
        raise NotAllowed
    return wanted


@dataclass(frozen=True)
class ThreadEntry:
    """The part of a comment that the layout of threads needs."""

    id: str
    parent_id: str | None
    status: Status


@dataclass(eq=False)
class ThreadNode:
    """A comment with its replies, oldest first. One that is not published is a placeholder for its replies."""

    id: str
    replies: "list[ThreadNode]"


def arrange(comments: Sequence[ThreadEntry]) -> list[ThreadNode]:
    """The public threads, oldest first at every level, as on article pages.

    They hold each published comment, and of the others those with a published descendant, as placeholders. Nothing is
    nested deeper than DEEPEST.
    """
    children: dict[str | None, list[ThreadEntry]] = {}
    for comment in sorted(comments, key=lambda comment: comment.id):
        children.setdefault(comment.parent_id, []).append(comment)
    return _grow(children)


def _grow(children: Mapping[str | None, Sequence[ThreadEntry]]) -> list[ThreadNode]:
    # No recursion: the depth of a thread has no limit. First down in order of depth, then up to prune.
    roots: list[ThreadNode] = []
    order: list[tuple[ThreadEntry, ThreadNode, list[ThreadNode]]] = []
    waiting = [(comment, roots, 0) for comment in children.get(None, ())]
    for comment, beside, depth in waiting:
        node = ThreadNode(comment.id, [])
        beside.append(node)
        order.append((comment, node, beside))
        below = node.replies if depth + 1 < DEEPEST else beside
        waiting.extend((reply, below, depth + 1) for reply in children.get(comment.id, ()))
    _prune(order, children)
    return roots


def _prune(
    order: Sequence[tuple[ThreadEntry, ThreadNode, list[ThreadNode]]],
    children: Mapping[str | None, Sequence[ThreadEntry]],
) -> None:
    kept: set[str] = set()
    for comment, node, beside in reversed(order):
        if comment.status == "published" or any(reply.id in kept for reply in children.get(comment.id, ())):
            kept.add(comment.id)
            node.replies.sort(key=lambda reply: reply.id)
        else:
            beside.remove(node)
