"""Whether a discussion is open, and until when. Pure: time is passed in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.comments.model.records import ArticleCopy, DiscussionSetting, ModerationRule
from services.comments.model.rules import Mode
from shared.events import DiscussionChanged

EVENT_PREFIX = "discussion:"
"""The start of the id of a discussion's event; ids of comments have no colon."""


@dataclass(frozen=True)
class DiscussionState:
    """A discussion at one moment. `closes_at`: when it closes or closed; None when that is not known, or never."""

    open: bool
    closes_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """A moderator's change of a discussion. `fields` has the names that were sent; the others stay."""

    open: bool | None
    mode: Mode | None
    fields: frozenset[str]


def state_of(article: ArticleCopy, rule: ModerationRule, at: datetime) -> DiscussionState:
    """The state by the story's setting, else by the site's age limit. The article's own `comments_open` does not count here.

    An age limit of 0 days closes every discussion that no moderator has opened by hand.
    """
    setting = article.discussion
    if setting.open is not None:
        return DiscussionState(setting.open, None if setting.open else setting.closed_at)
    if rule.close_after_days == 0:
        return DiscussionState(False, article.published_at)
    if rule.close_after_days is None or article.published_at is None:
        return DiscussionState(True)
    closes_at = article.published_at + timedelta(days=rule.close_after_days)
    return DiscussionState(at < closes_at, closes_at)


def public_state(article: ArticleCopy, rule: ModerationRule, at: datetime) -> DiscussionState:
    """The state for readers: closed as well where the article takes no comments."""
    return state_of(article, rule, at) if article.comments_open else DiscussionState(False)


def changed(before: DiscussionSetting, change: Change, at: datetime) -> DiscussionSetting:
    """The setting after a moderator's change. A repeated closing keeps the time of the first."""
    after = replace(before, **{name: getattr(change, name) for name in change.fields & {"open", "mode"}})
    if after.open is not False:
        return replace(after, closed_at=None)
    return after if before.open is False else replace(after, closed_at=at)


def announced(article: ArticleCopy, rule: ModerationRule, at: datetime) -> DiscussionSetting | None:
    """The article's setting after the event that its state needs; None when readers were already sent this state."""
    is_open = state_of(article, rule, at).open
    before = article.discussion
    after = replace(before, sent_open=is_open, sent_votes=rule.votes)
    return None if after == before else replace(after, version=before.version + 1)


def event_of(article: ArticleCopy, rule: ModerationRule, at: datetime) -> DiscussionChanged:
    """The event of an article's newest announced state."""
    setting, state = article.discussion, state_of(article, rule, at)
    return DiscussionChanged(
        id=f"{EVENT_PREFIX}{article.id}",
        version=setting.version,
        article_id=article.id,
        open=setting.sent_open,
        closes_at=state.closes_at if state.open == setting.sent_open else None,
        votes=setting.sent_votes,
    )
