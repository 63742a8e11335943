"""The states of an article as pages name them: `state.<name>` in the words, with a time and a person where there are any. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.desk.articles.copy import ArticleFacts

# As ingestion counts: a scheduled article later than this needs a person's attention.
OVERDUE_AFTER = timedelta(seconds=2)


@dataclass(frozen=True)
class StoryState:
    """One state. `is_urgent`: someone has to act."""

    name: str
    at: datetime | None = None
    by: str = ""
    is_urgent: bool = False


def states_of(article: ArticleFacts, now: datetime) -> Sequence[StoryState]:
    """The states of an article, its status first."""
    found = [StoryState(article.status)]
    if article.is_changed:
        found.append(StoryState("changed"))
    if article.scheduled_for is not None:
        late = now - article.scheduled_for > OVERDUE_AFTER
        found.append(StoryState("overdue" if late else "scheduled", article.scheduled_for, is_urgent=late))
    if article.embargo_until is not None and article.embargo_until > now:
        found.append(StoryState("embargo", article.embargo_until))
    if article.submitted_at is not None:
        found.append(StoryState("submitted", article.submitted_at, article.submitted_by))
    if article.note_back:
        found.append(StoryState("returned"))
    return found
