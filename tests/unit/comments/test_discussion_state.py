"""Whether a discussion is open: by the story's setting, the site's age limit, and the article itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.comments.model.records import ArticleCopy, DiscussionSetting, ModerationRule
from services.comments.reading.state import Change, DiscussionState, announced, changed, event_of, public_state

PUBLISHED = datetime(2026, 5, 1, 12, tzinfo=UTC)
ARTICLE = ArticleCopy("a", 1, "/world/a", "published", True, "world", "The lake", "en", PUBLISHED)
DAY = timedelta(days=1)
WEEK = ModerationRule("post", 1, close_after_days=7)
CLOSED_AT = PUBLISHED + DAY


@pytest.mark.parametrize(
    ("setting", "days", "age", "state"),
    [
        (DiscussionSetting(), None, 900 * DAY, DiscussionState(True)),
        (DiscussionSetting(), 7, 7 * DAY - timedelta(seconds=1), DiscussionState(True, PUBLISHED + 7 * DAY)),
        (DiscussionSetting(), 7, 7 * DAY, DiscussionState(False, PUBLISHED + 7 * DAY)),
        (DiscussionSetting(), 0, timedelta(0), DiscussionState(False, PUBLISHED)),
        (DiscussionSetting(open=True), 0, 900 * DAY, DiscussionState(True)),
        (DiscussionSetting(open=False, closed_at=CLOSED_AT), None, 2 * DAY, DiscussionState(False, CLOSED_AT)),
    ],
)
def test_state_follows_the_story_then_the_site(
    setting: DiscussionSetting, days: int | None, age: timedelta, state: DiscussionState
) -> None:
    article, rule = replace(ARTICLE, discussion=setting), replace(WEEK, close_after_days=days)

    assert public_state(article, rule, PUBLISHED + age) == state
    assert not public_state(replace(article, comments_open=False), rule, PUBLISHED + age).open


def test_article_without_a_time_of_publication_closes_only_with_the_site() -> None:
    article = replace(ARTICLE, published_at=None)

    assert public_state(article, WEEK, PUBLISHED + 900 * DAY) == DiscussionState(True)
    assert public_state(article, replace(WEEK, close_after_days=0), PUBLISHED) == DiscussionState(False)


def test_change_keeps_the_fields_that_were_not_sent_and_the_time_of_the_closing() -> None:
    closed = changed(DiscussionSetting(mode="pre"), Change(False, None, frozenset({"open"})), CLOSED_AT)
    again = changed(closed, Change(False, None, frozenset({"open", "mode"})), CLOSED_AT + DAY)
    opened = changed(again, Change(None, None, frozenset({"open"})), CLOSED_AT + DAY)

    assert closed == DiscussionSetting(open=False, mode="pre", closed_at=CLOSED_AT)
    assert again == DiscussionSetting(open=False, closed_at=CLOSED_AT)
    assert opened == DiscussionSetting()


def test_each_change_of_the_state_is_announced_once() -> None:
    later = PUBLISHED + 8 * DAY

    closed = announced(ARTICLE, WEEK, later)
    assert closed is not None
    article = replace(ARTICLE, discussion=closed)
    event = event_of(article, WEEK, later)

    assert announced(ARTICLE, WEEK, PUBLISHED + DAY) is None
    assert announced(article, WEEK, later) is None
    assert (event.id, event.version, event.open, event.closes_at) == ("discussion:a", 1, False, PUBLISHED + 7 * DAY)
    opened = announced(article, replace(WEEK, close_after_days=None), later)
    assert opened is not None
    assert (opened.version, opened.sent_open) == (2, True)
    voteless = announced(ARTICLE, replace(WEEK, votes=False), PUBLISHED)
    assert voteless is not None
    assert not event_of(replace(ARTICLE, discussion=voteless), WEEK, PUBLISHED).votes
