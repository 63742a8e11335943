"""The loader's plan: the order of articles, and the views."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from deploy.edition.articles import Article, age_of, read_edition
from deploy.edition.plan import HISTORY, MOST_VIEWS, View, in_order, plan_views

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def edition() -> list[Article]:
    return read_edition()


@pytest.fixture(scope="module")
def views(edition: list[Article]) -> list[View]:
    return plan_views(edition, NOW)


def test_articles_are_dated_and_ordered_by_age(edition: list[Article]) -> None:
    dated = in_order(edition, NOW)

    moments = [moment for _, moment in dated]
    assert moments == sorted(moments)
    assert all(moment == NOW - age_of(article) for article, moment in dated)


def test_views_are_within_thirty_days_and_after_publication(views: list[View]) -> None:
    assert all(NOW - HISTORY <= view.at <= NOW for view in views)
    assert all(view.at >= NOW - age_of(view.article) for view in views)
    assert [view.at for view in views] == sorted(view.at for view in views)


def test_number_of_views_is_about_the_wanted_one(views: list[View], edition: list[Article]) -> None:
    assert MOST_VIEWS * 0.99 < len(views) <= MOST_VIEWS + len(edition)
    assert len({view.id for view in views}) == len(views)


def test_second_plan_repeats_the_view_ids(views: list[View], edition: list[Article]) -> None:
    assert plan_views(edition, NOW) == views

    later = {view.id for view in plan_views(edition, NOW + timedelta(minutes=10))}
    assert len(later - {view.id for view in views}) < MOST_VIEWS * 0.05


def test_every_article_has_views_and_a_few_have_most(views: list[View], edition: list[Article]) -> None:
    counts = Counter(view.article.slug for view in views)
    most = [count for _, count in counts.most_common()]

    assert len(counts) == len(edition)
    assert sum(most[:12]) > 0.4 * len(views)
    assert most[0] < 0.3 * len(views)


def test_views_of_an_article_fall_with_its_age(views: list[View], edition: list[Article]) -> None:
    article = next(article for article in edition if article.age == "6d")
    ages = [view.at - (NOW - age_of(article)) for view in views if view.article is article]

    first_day = sum(age < timedelta(days=1) for age in ages)
    fifth_day = sum(timedelta(days=4) <= age < timedelta(days=5) for age in ages)
    assert first_day > 2 * fifth_day


def test_views_follow_the_time_of_day(views: list[View]) -> None:
    hours = Counter(view.at.hour for view in views if NOW - view.at > timedelta(days=2))

    assert sum(hours[hour] for hour in (17, 18, 19)) > 2 * sum(hours[hour] for hour in (2, 3, 4))
