"""Decisions: what each action makes of each comment, with and without the version that the moderator saw; undo."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.comments.model.moderation_records import Decided
from services.comments.model.records import Comment
from services.comments.model.rules import DecisionAction, Status
from services.comments.moderation.decision_rules import Planned, change_of, decided, decided_alone, undone

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
BY = Decided("d1", "approve", "Mo", AT)
OTHER = Decided("d0", "approve", "Nor", AT)
LATER = Decided("d2", "undo", "Nor", AT + timedelta(minutes=1))


def a_comment(status: Status, *, spam: bool = False, reports: int = 0, version: int = 3) -> Comment:
    return Comment(
        "c", version, "a", None, "c", "Ada", None, "Yes.", "<p>Yes.</p>", status, AT, spam=spam, reports=reports, settled=2,
        decided=None if status == "pending" else OTHER,
    )  # fmt: skip


def _named(planned: Planned) -> str:
    if isinstance(planned, Comment):
        return "spam" if planned.spam else planned.status
    return planned


@pytest.mark.parametrize(
    ("comment", "action", "unseen", "seen"),
    [
        (a_comment("pending"), "approve", "published", "published"),
        (a_comment("pending"), "reject", "rejected", "rejected"),
        (a_comment("pending"), "spam", "spam", "spam"),
        (a_comment("pending"), "remove", "removed", "removed"),
        (a_comment("published"), "approve", "unchanged", "unchanged"),
        (a_comment("published"), "reject", "conflict", "rejected"),
        (a_comment("published"), "spam", "conflict", "spam"),
        (a_comment("published"), "remove", "removed", "removed"),
        (a_comment("published", reports=2), "approve", "published", "published"),
        (a_comment("published", reports=2), "reject", "rejected", "rejected"),
        (a_comment("published", reports=2), "spam", "spam", "spam"),
        (a_comment("rejected"), "approve", "published", "published"),
        (a_comment("rejected"), "reject", "unchanged", "unchanged"),
        (a_comment("rejected"), "spam", "conflict", "spam"),
        (a_comment("rejected"), "remove", "conflict", "conflict"),
        (a_comment("rejected", spam=True), "approve", "published", "published"),
        (a_comment("rejected", spam=True), "reject", "conflict", "rejected"),
        (a_comment("rejected", spam=True), "spam", "unchanged", "unchanged"),
        (a_comment("removed"), "approve", "conflict", "conflict"),
        (a_comment("removed"), "remove", "unchanged", "unchanged"),
    ],
)
def test_action_depends_on_the_status_and_on_the_moderator_having_seen_it(
    comment: Comment, action: DecisionAction, unseen: str, seen: str
) -> None:
    assert _named(decided(comment, action, None, BY)) == unseen
    assert _named(decided(comment, action, comment.version, BY)) == seen


def test_what_no_other_moderator_decided_can_be_rejected_unseen() -> None:
    automatic = replace(a_comment("published"), decided=None)
    own = replace(a_comment("published"), decided=BY)

    assert [_named(decided(comment, "reject", None, BY)) for comment in (automatic, own)] == ["rejected", "rejected"]
    assert _named(decided(automatic, "spam", None, BY)) == "spam"


@pytest.mark.parametrize(("seen", "outcome"), [(1, "conflict"), (2, "removed"), (3, "removed"), (4, "conflict")])
def test_version_older_than_the_last_decision_or_newer_than_the_comment_is_a_conflict(seen: int, outcome: str) -> None:
    # Votes made version 3; text and status are those of version 2.
    assert _named(decided(a_comment("published"), "remove", seen, BY)) == outcome


def test_decision_dismisses_reports_and_settles_the_version() -> None:
    after = decided(a_comment("published", reports=2), "approve", None, BY)

    assert isinstance(after, Comment)
    assert (after.version, after.settled, after.reports) == (4, 4, 0)
    assert after.decided == BY
    assert decided_alone(a_comment("published", reports=2), "approve", BY) == after
    assert decided_alone(a_comment("published"), "approve", BY) == a_comment("published")


@pytest.mark.parametrize(
    ("before", "action"),
    [
        (a_comment("pending"), "spam"),
        (a_comment("published"), "remove"),
        (a_comment("rejected", spam=True), "approve"),
        (a_comment("published", reports=2), "approve"),
    ],
)
def test_undo_restores_status_spam_and_reports(before: Comment, action: DecisionAction) -> None:
    after = decided(before, action, 3, BY)
    assert isinstance(after, Comment)
    voted_and_reported = replace(after, version=after.version + 1, reports=1)

    restored = undone(voted_and_reported, change_of(before, after), "d1", LATER)

    assert isinstance(restored, Comment)
    assert (restored.status, restored.spam, restored.reports) == (before.status, before.spam, before.reports + 1)
    assert restored.version == restored.settled == 6
    assert restored.decided == LATER


def test_undo_leaves_a_comment_that_was_decided_edited_or_erased_since() -> None:
    before = a_comment("pending")
    after = decided(before, "approve", 3, BY)
    assert isinstance(after, Comment)
    change = change_of(before, after)

    changed_since = [
        replace(after, decided=LATER),
        replace(after, edited_at=AT + timedelta(seconds=1)),
        replace(after, status="pending"),
        replace(after, body=""),
        None,
    ]

    assert [undone(comment, change, "d1", LATER) for comment in changed_since] == ["conflict"] * 5
    assert isinstance(undone(replace(after, edited_at=AT - timedelta(seconds=1)), change, "d1", LATER), Comment)
