"""Values that the stores take and give: changes, revisions, list filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.articles.rules import Article, event_of
from services.ingestion.people.roles import Action
from shared.events import ArticleState


@dataclass(frozen=True)
class Revision:
    """One accepted change with its author and the working copy after it."""

    version: int
    action: Action
    at: datetime
    by: str
    note: str | None
    content: Mapping[str, object]


@dataclass(frozen=True)
class Change:
    """An accepted change: the article before (None for a new one) and after it."""

    action: Action
    by: str
    before: Article | None
    after: Article
    note: str | None = None

    @property
    def event(self) -> ArticleState | None:
        """The event to publish; None when nothing changes for readers."""
        event = event_of(self.after)
        return event if event is not None and event.version == self.after.version else None

    @property
    def previous_event_version(self) -> int | None:
        """The version of the article's event before this one; None for the first."""
        event = None if self.before is None else event_of(self.before)
        return None if event is None else event.version


@dataclass(frozen=True)
class Filters:
    """Filters of a list of articles; None lets all through. An article needs every one of `words`."""

    status: str | None = None
    section: str | None = None
    tag: str | None = None
    words: tuple[str, ...] = ()
