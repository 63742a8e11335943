"""Schedules, embargoes and submissions, as pure functions; clocks that step."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.ingestion.articles import rules, schedule_rules
from services.ingestion.articles.rules import Article
from services.ingestion.articles.schedule_rules import ScheduleEntry, is_due, lifts_embargo, wait_s
from shared.errors import Problem
from tests.support.drafts import INES, NOON, a_draft, after


def scheduled(minutes: float, article: Article | None = None) -> Article:
    return schedule_rules.schedule(article or a_draft(), publish_at=after(minutes), at=NOON, by=INES)


def under_embargo(minutes: float) -> Article:
    return a_draft().model_copy(update={"embargo_until": after(minutes)})


def with_text(article: Article, **fields: object) -> Article:
    content = article.working.model_copy(update=fields)
    return rules.edit(article, content, slug_is_chosen=False, by=INES, at=after(1))


def test_schedule_stays_through_edits_and_ends_with_publication() -> None:
    edited = with_text(scheduled(60), headline="Later text")
    published = rules.publish(edited, at=after(60))

    assert edited.scheduled_for == after(60)
    assert published.scheduled_for is None
    assert published.edition is not None
    assert published.edition.content.headline == "Later text"


def test_withdrawal_and_unscheduling_clear_the_schedule() -> None:
    published = rules.publish(a_draft(), at=after(1))
    update = scheduled(60, published)

    assert rules.withdraw(update, at=after(2)).scheduled_for is None
    assert schedule_rules.unschedule(update, at=after(2)).scheduled_for is None
    with pytest.raises(Problem) as caught:
        schedule_rules.unschedule(published, at=after(2))
    assert caught.value.status == 409


@pytest.mark.parametrize("minutes", [-1, 0, 60 * 24 * 366 * 6])
def test_time_that_is_past_or_far_away_is_refused(minutes: float) -> None:
    with pytest.raises(Problem) as caught:
        scheduled(minutes)

    assert (caught.value.status, caught.value.errors[0].pointer) == (422, "/publish_at")


def test_nothing_is_published_before_the_embargo() -> None:
    article = under_embargo(30)

    with pytest.raises(Problem) as by_hand:
        rules.publish(article, at=after(29))
    with pytest.raises(Problem) as by_schedule:
        scheduled(29, article)

    assert by_hand.value.status == 409
    assert (by_schedule.value.status, by_schedule.value.errors[0].pointer) == (422, "/publish_at")
    assert scheduled(30, article).scheduled_for == after(30)
    assert rules.publish(article, at=after(30)).status == "published"


def test_correction_waits_for_the_embargo_and_withdrawal_does_not() -> None:
    published = rules.publish(a_draft(), at=after(1)).model_copy(update={"embargo_until": after(30)})

    with pytest.raises(Problem) as caught:
        rules.correct(published, note="n", at=after(2))

    assert caught.value.status == 409
    assert rules.withdraw(published, at=after(2)).status == "withdrawn"


def test_only_an_earlier_end_of_an_embargo_ahead_lifts_it() -> None:
    article = under_embargo(30)

    assert lifts_embargo(article, None, NOON)
    assert lifts_embargo(article, after(29), NOON)
    assert not lifts_embargo(article, after(30), NOON)
    assert not lifts_embargo(article, after(31), NOON)
    assert not lifts_embargo(article, None, after(31))
    assert not lifts_embargo(a_draft(), None, NOON)


@pytest.mark.parametrize(
    ("fields", "pointer"), [({"headline": ""}, "/headline"), ({"body_html": "<p></p>"}, "/body_markdown")]
)
def test_incomplete_text_is_neither_published_scheduled_nor_submitted(fields: dict[str, object], pointer: str) -> None:
    article = with_text(a_draft(), **fields)

    decisions: list[Callable[[], Article]] = [
        lambda: rules.publish(article, at=after(2)),
        lambda: scheduled(60, article),
        lambda: schedule_rules.submit(article, at=after(2), by=INES),
    ]
    for decide in decisions:
        with pytest.raises(Problem) as caught:
            decide()
        assert (caught.value.status, caught.value.errors[0].pointer) == (422, pointer)


def test_submission_is_returned_with_a_note_or_ends_with_publication() -> None:
    submitted = schedule_rules.submit(a_draft(), at=after(1), by=INES)
    returned = schedule_rules.send_back(submitted, note="Who says so?", at=after(2))
    again = schedule_rules.submit(returned, at=after(3), by=INES)
    published = rules.publish(again, at=after(4))

    assert (submitted.submitted_at, submitted.submitted_by) == (after(1), "Ines Halloran")
    assert (returned.submitted_at, returned.note_back) == (None, "Who says so?")
    assert (again.submitted_at, again.note_back) == (after(3), None)
    assert (published.submitted_at, published.note_back) == (None, None)


def test_submission_without_sense_is_refused() -> None:
    submitted = schedule_rules.submit(a_draft(), at=after(1), by=INES)
    published = rules.publish(a_draft(), at=after(1))

    decisions: list[Callable[[], Article]] = [
        lambda: schedule_rules.submit(submitted, at=after(2), by=INES),
        lambda: schedule_rules.submit(published, at=after(2), by=INES),
        lambda: schedule_rules.send_back(published, note="n", at=after(2)),
    ]
    for decide in decisions:
        with pytest.raises(Problem) as caught:
            decide()
        assert caught.value.status == 409


def test_working_copy_that_differs_from_the_public_text_counts_as_changed() -> None:
    published = rules.publish(a_draft(), at=after(1))
    edited = with_text(published, headline="New words")
    rendered_anew = with_text(published, body_html="<p>The same text in other HTML.</p>")

    assert not a_draft().changed
    assert not published.changed
    assert edited.changed
    assert not rendered_anew.changed
    assert rules.withdraw(edited, at=after(2)).changed
    assert (a_draft().public_version, published.public_version, edited.public_version) == (None, 2, 2)


def test_author_comes_last_once_and_the_first_ones_are_forgotten() -> None:
    article = a_draft()
    for number in range(rules.MOST_AUTHORS + 1):
        article = rules.edit(
            article, article.working, slug_is_chosen=False, by=INES.model_copy(update={"id": str(number)}), at=after(1)
        )
    article = rules.edit(
        article, article.working, slug_is_chosen=False, by=INES.model_copy(update={"id": "5"}), at=after(1)
    )

    assert len(article.author_ids) == rules.MOST_AUTHORS
    assert article.author_ids[-1] == "5"
    assert article.author_ids.count("5") == 1


def entry(minutes: float) -> ScheduleEntry:
    return ScheduleEntry("a", after(minutes), after(minutes))


def test_wait_ends_with_the_first_entry_or_its_bound() -> None:
    assert wait_s([], NOON, 1.0) == 1.0
    assert wait_s([entry(1 / 120)], NOON, 1.0) == 0.5
    assert wait_s([entry(60), entry(1 / 120)], NOON, 1.0) == 0.5
    assert wait_s([entry(60)], NOON, 1.0) == 1.0
    assert wait_s([entry(-5)], NOON, 1.0) == 0.0


@pytest.mark.parametrize("step_h", [-24 * 365, -1, -0.001, 0.001, 1, 24 * 365])
def test_clock_step_of_any_size_delays_by_the_bound_at_most(step_h: float) -> None:
    """After a step forwards an article is due at once; after one backwards it waits for the clock, not longer."""
    stepped = NOON + timedelta(hours=step_h)
    planned = scheduled(1).schedule
    assert planned is not None

    assert 0 <= wait_s([entry(1)], stepped, 1.0) <= 1.0
    assert is_due(planned, stepped) == (stepped >= after(1))


def test_change_after_a_step_backwards_is_not_dated_before_the_last_one() -> None:
    published = rules.publish(scheduled(1), at=after(1))

    withdrawn = rules.withdraw(published, at=after(-60))

    assert withdrawn.updated_at == published.updated_at
