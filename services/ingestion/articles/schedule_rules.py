"""Decisions about later publication: schedule, embargo, submission, and which articles are due. No I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ingestion.articles.rules import (
    Article,
    Author,
    Schedule,
    Submission,
    check_complete,
    check_transition,
    next_version,
    not_earlier,
)
from services.ingestion.people.roles import Right
from shared.errors import InvalidMessage, Problem
from shared.http.problems import field_problem
from shared.times import rfc3339

# An article that is later than this is overdue: a person should look.
OVERDUE_AFTER = timedelta(seconds=2)
# Wait before the next attempt with an article that could not be published when it was due.
RETRY_AFTER = timedelta(seconds=5)
# A date so far ahead is a typing mistake.
FARTHEST = timedelta(days=5 * 366)


@dataclass(frozen=True)
class ScheduleEntry:
    """A scheduled article in the order of publication. `due_at` is the next attempt; `reason` why the last one failed."""

    article_id: str
    scheduled_for: datetime
    due_at: datetime
    reason: str | None = None


def schedule(article: Article, *, publish_at: datetime, at: datetime, by: Author) -> Article:
    """Have the working copy published at a later time. 422 for a time that is past or before the embargo."""
    check_transition(article, "schedule")
    if publish_at <= at:
        raise field_problem("/publish_at", "The time of publication lies in the past.")
    if publish_at - at > FARTHEST:
        raise field_problem("/publish_at", "The time of publication is more than five years ahead.")
    if article.embargo_until is not None and publish_at < article.embargo_until:
        raise field_problem("/publish_at", f"The article is under embargo until {rfc3339(article.embargo_until)}.")
    check_complete(article.working)
    planned = Schedule(at=publish_at, by=by)
    return next_version(article, not_earlier(article, at), schedule=planned)


def unschedule(article: Article, *, at: datetime) -> Article:
    """Cancel the later publication. 409 when there is none."""
    if article.schedule is None:
        raise Problem(409, "The article is not scheduled.")
    return next_version(article, not_earlier(article, at), schedule=None)


def is_due(planned: Schedule, at: datetime) -> bool:
    """Whether the time has come."""
    return planned.at <= at


def submit(article: Article, *, at: datetime, by: Author) -> Article:
    """Ask for publication. 409 when somebody has asked, or readers see this text."""
    check_transition(article, "submit")
    if article.submission is not None:
        raise Problem(409, "The article is submitted already.")
    if article.status == "published" and not article.changed:
        raise Problem(409, "Readers see this text already.")
    check_complete(article.working)
    at = not_earlier(article, at)
    return next_version(article, at, submission=Submission(at=at, by=by), note_back=None)


def send_back(article: Article, *, note: str, at: datetime) -> Article:
    """Return a submitted article to its author with a note. 409 when it is not submitted."""
    if article.submission is None:
        raise Problem(409, "The article is not submitted.")
    return next_version(article, not_earlier(article, at), submission=None, note_back=note)


def right_to_edit(article: Article) -> Right:
    """The right to replace the working copy. Readers will see a scheduled draft without another look at it."""
    return "edit drafts" if article.status == "draft" and article.schedule is None else "edit"


def lifts_embargo(article: Article, embargo_until: datetime | None, at: datetime) -> bool:
    """Whether the new embargo ends earlier than the present one, which lies ahead. Only some may do that."""
    before = article.embargo_until
    return before is not None and before > at and (embargo_until is None or embargo_until < before)


def due_by(entries: Sequence[ScheduleEntry], by: datetime) -> list[ScheduleEntry]:
    """The entries whose next attempt is at this time or before."""
    return [entry for entry in entries if entry.due_at <= by]


def count_overdue(entries: Sequence[ScheduleEntry], at: datetime) -> int:
    """The number of entries that should have been published long ago: a person should look."""
    return sum(entry.scheduled_for < at - OVERDUE_AFTER for entry in entries)


def wait_s(entries: Sequence[ScheduleEntry], at: datetime, longest_s: float) -> float:
    """Seconds until the first of these entries is due, at most `longest_s`.

    The bound makes clock steps harmless: the wall clock is read again after it, whatever it said before.
    """
    first = min((entry.due_at for entry in entries), default=None)
    return longest_s if first is None else min(longest_s, max(0.0, (first - at).total_seconds()))


def describe_refusal(refusal: Problem | InvalidMessage) -> str:
    """The reason why an article could not be published, for people."""
    if isinstance(refusal, InvalidMessage):
        return str(refusal)
    details = (f"{error.pointer.removeprefix('/')}: {error.detail}" for error in refusal.errors)
    return " ".join((refusal.detail, *details))
