"""Decisions about presence: who is in an article, and how. No I/O, no clock.

Presence is a courtesy: the version guards every write (`rules.py`). A window reports at least every 30 seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

State = Literal["viewing", "editing"]
Report = Literal["viewing", "editing", "gone"]

ALIVE_FOR = timedelta(seconds=60)


@dataclass(frozen=True)
class Presence:
    """One person in an article, in however many windows: since when, and the last reports of either kind."""

    article_id: str
    person_id: str
    name: str
    since: datetime
    viewing_at: datetime | None = None
    editing_at: datetime | None = None

    def is_alive(self, at: datetime) -> bool:
        """Whether a window has reported within ALIVE_FOR."""
        return _is_recent(self.viewing_at, at) or _is_recent(self.editing_at, at)

    def state(self, at: datetime) -> State:
        """A person who edits in one window and views in another edits."""
        return "editing" if _is_recent(self.editing_at, at) else "viewing"


def reported(known: Presence | None, new: Presence, state: State, at: datetime) -> Presence:
    """The presence after a report of `new`'s person. `since` stays while the person is there."""
    if known is not None and known.is_alive(at):
        new = replace(known, name=new.name)
    return replace(new, viewing_at=at) if state == "viewing" else replace(new, editing_at=at)


def present(known: Iterable[Presence], at: datetime) -> Sequence[Presence]:
    """The people who are there, the first comer first."""
    alive = [presence for presence in known if presence.is_alive(at)]
    return sorted(alive, key=lambda presence: (presence.since, presence.person_id))


def _is_recent(reported_at: datetime | None, at: datetime) -> bool:
    return reported_at is not None and at - reported_at < ALIVE_FOR
