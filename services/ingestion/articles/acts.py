"""The entries of the audit log that a change of an article makes. Pure decisions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.articles.records import Change
from services.ingestion.people.actor import Via
from services.ingestion.people.audit import Details
from shared.times import rfc3339

_LONGEST_HEADLINE = 100


@dataclass(frozen=True)
class Origin:
    """The person or token behind a change, and where it came from. `network` is a prefix, or `local` for our own processes."""

    id: str
    name: str
    via: Via
    network: str


@dataclass(frozen=True)
class Act:
    """One act on an article."""

    action: str
    details: Details


def acts_of(change: Change) -> Iterator[Act]:
    """The acts of a change: itself, and an embargo that it sets or lifts. An automatic save without a revision is no act."""
    after = change.after
    if after.unrevised is None or change.action == "picture":
        yield Act(f"article.{change.action}", _details(change))
    before = None if change.before is None else change.before.embargo_until
    if before != after.embargo_until:
        yield Act(*_embargo(change, after.embargo_until))


def _details(change: Change) -> Details:
    after = change.after
    details: dict[str, object] = {"version": after.version, "headline": after.working.headline[:_LONGEST_HEADLINE]}
    if change.action == "schedule" and after.schedule is not None:
        details["publish_at"] = rfc3339(after.schedule.at)
    return details


def _embargo(change: Change, until: datetime | None) -> tuple[str, Details]:
    if until is None:
        return "article.lift-embargo", {"version": change.after.version}
    return "article.embargo", {"version": change.after.version, "until": rfc3339(until)}
