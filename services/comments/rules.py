"""What is decided about comments: who waits, which moves a moderator has, how threads are laid out. No I/O, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Mode = Literal["pre", "post", "first-comment"]
Status = Literal["published", "pending", "rejected", "removed"]
Action = Literal["approve", "reject", "remove"]
Sort = Literal["oldest", "newest"]

MODERATORS = frozenset({"moderator", "editor", "admin"})

# Below so many levels a reply is listed beside its parent, which it still names: clients need no unbounded recursion.
DEEPEST = 10

_LEADS_TO: Mapping[Action, Status] = {"approve": "published", "reject": "rejected", "remove": "removed"}
# A moderator may think again about what was turned down; what was removed stays so, since readers saw it go.
_ALLOWED_FROM: Mapping[Action, frozenset[Status]] = {
    "approve": frozenset({"pending", "rejected"}),
    "reject": frozenset({"pending"}),
    "remove": frozenset({"published", "pending"}),
}
STATUSES: tuple[Status, ...] = get_args(Status)


class NoSuchMove(Exception):
    """The action makes no sense for a comment in this state."""


def first_status(mode: Mode, *, known: bool, parent: Status | None) -> Status:
    """Whether a new comment may be seen at once. `known`: its writer has a published one. A waiting parent's replies wait too."""
    waits = mode == "pre" or (mode == "first-comment" and not known) or parent == "pending"
    return "pending" if waits else "published"


def can_be_answered(parent: Status) -> bool:
    """Whether a comment takes replies; its writer may add to one that still waits."""
    return parent in ("published", "pending")


def next_status(current: Status, action: Action) -> Status:
    """Where an action leads; the same status when it was done before. Raises NoSuchMove."""
    wanted = _LEADS_TO[action]
    if current != wanted and current not in _ALLOWED_FROM[action]:
        raise NoSuchMove
    return wanted


@dataclass(frozen=True)
class Placed:
    """What laying out threads needs to know of a comment."""

    id: str
    parent_id: str | None
    status: Status


@dataclass(eq=False)
class Node:
    """A comment with its replies, oldest first. One that is not published is the bare place of what hangs on it."""

    id: str
    replies: "list[Node]"


def arrange(comments: Sequence[Placed]) -> list[Node]:
    """The threads that readers may see, oldest first at every level.

    Each published comment is seen, and of all others those that one hangs on, as empty places: so article pages have it
    too. Nothing is nested deeper than DEEPEST.
    """
    children: dict[str | None, list[Placed]] = {}
    for comment in sorted(comments, key=lambda comment: comment.id):
        children.setdefault(comment.parent_id, []).append(comment)
    return _grow(children)


def _grow(children: Mapping[str | None, Sequence[Placed]]) -> list[Node]:
    # Without recursion, since a thread may be as deep as people are patient: down in order of depth, then up to prune.
    roots: list[Node] = []
    order: list[tuple[Placed, Node, list[Node]]] = []
    waiting = [(comment, roots, 0) for comment in children.get(None, ())]
    for comment, beside, depth in waiting:
        node = Node(comment.id, [])
        beside.append(node)
        order.append((comment, node, beside))
        below = node.replies if depth + 1 < DEEPEST else beside
        waiting.extend((reply, below, depth + 1) for reply in children.get(comment.id, ()))
    _prune(order, children)
    return roots


def _prune(order: Sequence[tuple[Placed, Node, list[Node]]], children: Mapping[str | None, Sequence[Placed]]) -> None:
    kept: set[str] = set()
    for comment, node, beside in reversed(order):
        if comment.status == "published" or any(reply.id in kept for reply in children.get(comment.id, ())):
            kept.add(comment.id)
            node.replies.sort(key=lambda reply: reply.id)
        else:
            beside.remove(node)


def count_published(threads: Sequence[Node], statuses: Mapping[str, Status]) -> int:
    """How many comments readers see, empty places left out."""
    seen = list(threads)
    for node in seen:
        seen.extend(node.replies)
    return sum(statuses[node.id] == "published" for node in seen)


def page(threads: Sequence[Node], sort: Sort, after: str | None, limit: int) -> tuple[Sequence[Node], bool]:
    """The next `limit` threads behind the top comment `after`, and whether there are more."""
    ordered = list(threads) if sort == "oldest" else list(reversed(threads))
    if after is not None:
        ordered = [node for node in ordered if (node.id > after if sort == "oldest" else node.id < after)]
    return ordered[:limit], len(ordered) > limit
