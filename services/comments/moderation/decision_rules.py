"""Decisions of moderators: the comment after an action, and after its undo. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from services.comments.model.moderation_records import Decided
from services.comments.model.records import Comment, next_version
from services.comments.model.rules import Action, DecisionAction, Status, next_status

Outcome = tuple[Status, bool]
"""A status, and whether it is spam."""

_LEADS_TO: Mapping[DecisionAction, Outcome] = {
    "approve": ("published", False),
    "reject": ("rejected", False),
    "spam": ("rejected", True),
    "remove": ("removed", False),
}
_ALLOWED_FROM: Mapping[DecisionAction, frozenset[Outcome]] = {
    "approve": frozenset({("pending", False), ("rejected", False), ("rejected", True)}),
    "reject": frozenset({("pending", False)}),
    "spam": frozenset({("pending", False)}),
    "remove": frozenset({("pending", False), ("published", False)}),
}
# Allowed too for a moderator who saw the comment's present version, and where no other moderator has decided: see `_knows`.
_ALLOWED_WHEN_SEEN: Mapping[DecisionAction, frozenset[Outcome]] = {
    "approve": frozenset(),
    "reject": frozenset({("published", False), ("rejected", True)}),
    "spam": frozenset({("published", False), ("rejected", False)}),
    "remove": frozenset(),
}


@dataclass(frozen=True)
class Before:
    """The part of a comment that a decision changes and an undo restores. `is_automatic`: no moderator had decided."""

    status: Status
    spam: bool
    reports: int
    is_automatic: bool = False


@dataclass(frozen=True)
class DecidedChange:
    """The change of one comment by a decision, for an undo."""

    id: str
    before: Before
    after: Status


Planned = Comment | Literal["unchanged", "conflict"]


def decided(comment: Comment, action: DecisionAction, seen: int | None, by: Decided) -> Planned:
    """The comment after an action. `seen`: the version that the moderator saw, None when unknown.

    A conflict: it was decided or edited after that version, or its status does not allow the action.
    """
    if seen is not None and not comment.settled <= seen <= comment.version:
        return "conflict"
    now, wanted = (comment.status, comment.spam), _LEADS_TO[action]
    if now == wanted:
        return _with(comment, wanted, by) if comment.reports and action == "approve" else "unchanged"
    allowed = _ALLOWED_FROM[action]
    if seen is not None or _knows(comment, by):
        allowed |= _ALLOWED_WHEN_SEEN[action]
    return _with(comment, wanted, by) if now in allowed else "conflict"


def _knows(comment: Comment, by: Decided) -> bool:
    """Whether a decision by `by` overrules nobody: none was made, it was their own, or reports have come since."""
    is_reported = comment.status == "published" and comment.reports > 0
    return comment.decided is None or comment.decided.by == by.by or is_reported


def decided_alone(comment: Comment, action: Action, by: Decided) -> Comment:
    """The comment after an action of `POST /v1/comments/{id}/{action}`; the same comment for a repetition. Raises NotAllowed."""
    status = next_status(comment.status, action)
    dismisses = action == "approve" and comment.reports > 0
    return comment if status == comment.status and not dismisses else _with(comment, (status, False), by)


def change_of(before: Comment, after: Comment) -> DecidedChange:
    """The record of a change."""
    return DecidedChange(
        before.id, Before(before.status, before.spam, before.reports, before.decided is None), after.status
    )


def undone(comment: Comment | None, change: DecidedChange, decision_id: str, by: Decided) -> Planned:
    """The comment as before a decision. A conflict: another decision or an edit came after it, or its text was erased."""
    if comment is None or comment.decided is None or comment.decided.decision_id != decision_id or not comment.body:
        return "conflict"
    was_edited = comment.edited_at is not None and comment.edited_at > comment.decided.at
    if was_edited or comment.status != change.after:
        return "conflict"
    restored = _with(comment, (change.before.status, change.before.spam), by)
    return replace(restored, reports=change.before.reports + comment.reports)


def _with(comment: Comment, outcome: Outcome, by: Decided) -> Comment:
    status, spam = outcome
    return replace(next_version(comment, status), spam=spam, reports=0, decided=by)
