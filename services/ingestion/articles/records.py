"""Values that the stores take and give: changes, revisions, list filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.ingestion.articles.rules import Article, Author, event_of
from services.ingestion.people.roles import Action
from shared.events import ArticleState

# The name of a filter and its value, such as ("status", "draft") or ("changed", "true").
Key = tuple[str, str]


@dataclass(frozen=True)
class Revision:
    """One accepted change with its author and the working copy after it."""

    version: int
    action: Action
    at: datetime
    by: Author
    note: str | None
    content: Mapping[str, object]


@dataclass(frozen=True)
class Change:
    """An accepted change: the article before (None for a new one) and after it."""

    action: Action
    by: Author
    before: Article | None
    after: Article
    note: str | None = None

    @property
    def revisions(self) -> Sequence[Revision]:
        """The revisions to keep: of the change, unless it was an automatic save in between, and of a text that it replaces.

        The replaced text gets one when it is an automatic save that has none yet: of another author, or before a restore,
        which puts quite another text in its place. A change of pictures alone has none: the text is the same.
        """
        if self.action == "picture":
            return ()
        kept: list[Revision] = []
        before, after = self.before, self.after
        if before is not None and before.unrevised is not None and self._replaces_text_of(before.unrevised.by):
            kept.append(_revision(before, "autosave", before.unrevised.by, None))
        if after.unrevised is None:
            kept.append(_revision(after, self.action, self.by, self.note))
        return kept

    def _replaces_text_of(self, author: Author) -> bool:
        if self.before is None or self.before.working == self.after.working:
            return False
        return author.id != self.by.id or self.action == "restore"

    @cached_property
    def event(self) -> ArticleState | None:
        """The event to publish; None when nothing changes for readers."""
        event = event_of(self.after)
        return event if event is not None and event.version == self.after.version else None

    @property
    def ends_schedule(self) -> bool:
        """Whether the article was scheduled and is no more."""
        return self.before is not None and self.before.schedule is not None and self.after.schedule is None

    @property
    def previous_event_version(self) -> int | None:
        """The version of the article's event before this one; None for the first."""
        event = None if self.before is None else event_of(self.before)
        return None if event is None else event.version


_LEFT_OUT_OF_REVISIONS = {"body_html", "body_pictures"}


def _revision(article: Article, action: Action, by: Author, note: str | None) -> Revision:
    content = article.working.model_dump(exclude=_LEFT_OUT_OF_REVISIONS)
    return Revision(article.version, action, article.updated_at, by, note, content)


@dataclass(frozen=True)
class Filters:
    """Filters of a list of articles: it needs every key, and every one of `words` in headline or standfirst. All are folded."""

    keys: tuple[Key, ...] = ()
    words: tuple[str, ...] = ()
