"""The loader's plan: the order of articles and the history of views. Pure functions."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from deploy.edition.articles import Article, age_of

HISTORY = timedelta(days=30)
# Enough to give every ranking of every section an order. Each costs the loader 0.1 ms.
MOST_VIEWS = 12_000

_HOUR = timedelta(hours=1)
_HOURS = HISTORY // _HOUR
_NAMESPACE = UUID("0d7b1b0e-6a3f-5c55-9d57-2b8f4a6f1c11")


@dataclass(frozen=True)
class View:
    """One view of an article. Each load gives it the same id, so that it counts once."""

    id: UUID
    article: Article
    at: datetime


def in_order(articles: Sequence[Article], now: datetime) -> list[tuple[Article, datetime]]:
    """The articles with their time of publication, oldest first."""
    dated = [(article, now - age_of(article)) for article in articles]
    return sorted(dated, key=lambda pair: (pair[1], pair[0].slug))


def plan_views(articles: Sequence[Article], now: datetime, most: int = MOST_VIEWS) -> list[View]:
    """At most `most` views over the last 30 days, oldest first, none before its article was published.

    An article's share follows a power law of its rank; its rate falls with its age and varies with the time of day.
    """
    rates = {article.slug: _hourly_rates(article, now, rank) for rank, article in enumerate(_ranked(articles), 1)}
    total = sum(sum(hours) for hours in rates.values())
    views = [view for article in articles for view in _views(article, now, rates[article.slug], most / total)]
    return sorted(views, key=lambda view: (view.at, view.id))


def _ranked(articles: Sequence[Article]) -> list[Article]:
    ordered = sorted(articles, key=lambda article: article.slug)
    Random("readers of issue 892").shuffle(ordered)
    return ordered


def _hourly_rates(article: Article, now: datetime, rank: int) -> list[float]:
    """The weight of each of the last 720 hours, latest first."""
    age_h = age_of(article) / _HOUR
    appeal = (rank + 2) ** -0.95
    rates = []
    for hour in range(_HOURS):
        out_for = min(1.0, age_h - hour)
        if out_for <= 0:
            break
        rates.append(appeal * out_for * _interest(age_h - hour - out_for / 2) * _of_the_day(now - hour * _HOUR))
    return rates


def _interest(age_h: float) -> float:
    """Relative rate by age: high on the first day, lower for two weeks, then small and constant."""
    return math.exp(-age_h / 14) + 0.09 * math.exp(-age_h / 220) + 0.004


def _of_the_day(moment: datetime) -> float:
    """Relative rate by the time of day (UTC): lowest at four in the morning, highest in the evening, with a morning rise."""
    hour = moment.astimezone(UTC).hour + moment.minute / 60
    return 1 + 0.5 * math.cos((hour - 18) / 24 * math.tau) + 0.2 * math.cos((hour - 7) / 12 * math.tau)


def _views(article: Article, now: datetime, rates: Sequence[float], scale: float) -> Iterator[View]:
    chance = Random(article.slug)
    earliest = now - age_of(article)
    owed, number = chance.random(), 0
    for hour, rate in enumerate(rates):
        owed += rate * scale
        while owed >= 1:
            owed -= 1
            at = max(earliest, now - (hour + chance.random()) * _HOUR)
            yield View(uuid5(_NAMESPACE, f"{article.slug}:{number}"), article, at)
            number += 1
