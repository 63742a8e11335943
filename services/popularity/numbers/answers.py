"""Puts an answer together: reads what the grouping needs, and sums it up."""

from collections.abc import Mapping, Sequence

from services.popularity.model.store import Card, Store
from services.popularity.numbers.contract import (
    Adjustment,
    DroppedViews,
    Drops,
    Numbers,
    NumbersArticle,
    NumbersItem,
    NumbersTotal,
    ReferredItem,
)
from services.popularity.numbers.days import DROPPED, Days
from services.popularity.numbers.periods import Period, moment_of, text_of
from services.popularity.numbers.questions import Question
from services.popularity.numbers.ranked_days import RankedDays
from services.popularity.numbers.rules import DayNumbers, add_counts, by_class, named

Items = list[ReferredItem | NumbersArticle | NumbersItem]
_EMPTY = DayNumbers()


class Answers:
    """Answers questions. Raises Unavailable when Redis or MongoDB does not answer."""

    def __init__(self, days: Days, ranked: RankedDays, store: Store, sections: Sequence[str]) -> None:
        self._days = days
        self._ranked = ranked
        self._store = store
        self._sections = sections

    async def answer(self, question: Question, now: int, adjustments: Sequence[Adjustment]) -> Numbers:
        """The numbers that a question asks for. `now` in minutes since 1970."""
        items, total = await {
            "hour": self._by_hour,
            "day": self._by_day,
            "referrer": self._by_referrer,
            "section": self._by_section,
            "article": self._by_article,
        }[question.by](question, now)
        return Numbers(
            start=moment_of(question.period.start),
            end=moment_of(question.period.end),
            by=question.by,
            items=items,
            total=total,
            adjustments=list(adjustments),
        )

    async def drops(self, period: Period, now: int) -> Drops:
        """The views that did not count, by day and reason."""
        days = [day for day in period.days() if period.has_begun(day, now)]
        found = await self._days.read([DROPPED], days)
        items = [
            DroppedViews.model_validate({"day": day, "reason": reason, "views": views})
            for (_, day), numbers in sorted(found.items())
            for reason, views in sorted(numbers.counts.items())
        ]
        return Drops(start=moment_of(period.start), end=moment_of(period.end), items=items)

    async def _read(self, name: str, period: Period, now: int, *, with_hours: bool) -> dict[str, DayNumbers]:
        days = [day for day in period.days() if period.has_begun(day, now)]
        parts = days if with_hours else [day for day in days if not period.covers(day, now)]
        found = await self._days.read([name], days, with_hours=parts)
        return {day: found.get((name, day), _EMPTY) for day in days}

    async def _by_hour(self, question: Question, now: int) -> tuple[Items, NumbersTotal]:
        period = question.period
        found = await self._read(question.scope, period, now, with_hours=True)
        items: Items = []
        for day, numbers in found.items():
            for start in period.hours(day):
                if start <= now:
                    items.append(_referred(text_of(start), by_class(numbers.hours, [start]), None))
        return items, _total(found, period, now)

    async def _by_day(self, question: Question, now: int) -> tuple[Items, NumbersTotal]:
        period = question.period
        found = await self._read(question.scope, period, now, with_hours=False)
        items: Items = [
            _referred(day, _classes(numbers, day, period, now), numbers.visitors if period.covers(day, now) else None)
            for day, numbers in found.items()
        ]
        return items, _total(found, period, now)

    async def _by_referrer(self, question: Question, now: int) -> tuple[Items, NumbersTotal]:
        period = question.period
        found = await self._read(question.scope, period, now, with_hours=False)
        classes = add_counts(_classes(numbers, day, period, now) for day, numbers in found.items())
        items: Items = [NumbersItem(key=name, views=views, visitors=None) for name, views in named(classes).items()]
        hosts = add_counts(numbers.counts for day, numbers in found.items() if period.covers(day, now))
        for host, views in sorted(hosts.items(), key=lambda pair: (-pair[1], pair[0])):
            items.append(NumbersItem(key=f"other:{host}", views=views, visitors=None))
        return items, _total(found, period, now)

    async def _by_section(self, question: Question, now: int) -> tuple[Items, NumbersTotal]:
        period = question.period
        sections = self._sections if question.section is None else [question.section]
        found = await self._read_sections(sections, period, now)
        totals = {section: _total(days, period, now) for section, days in found.items()}
        items: Items = [
            NumbersItem(key=section, views=total.views, visitors=total.visitors) for section, total in totals.items()
        ]
        items.sort(key=lambda item: -item.views)
        if question.section is not None:
            return items, totals[question.section]
        return items, _total(await self._read(question.scope, period, now, with_hours=False), period, now)

    async def _read_sections(
        self, sections: Sequence[str], period: Period, now: int
    ) -> dict[str, dict[str, DayNumbers]]:
        days = [day for day in period.days() if period.has_begun(day, now)]
        parts = [day for day in days if not period.covers(day, now)]
        found = await self._days.sections(sections, [day for day in days if day not in parts])
        hours = await self._days.read([f"s:{section}" for section in sections], parts, with_hours=parts)
        for (name, day), numbers in hours.items():
            found[name.removeprefix("s:")][day] = numbers
        return found

    async def _by_article(self, question: Question, now: int) -> tuple[Items, NumbersTotal]:
        period = question.period
        ranked = await self._ranked.top(question.scope, period.days(), question.limit)
        cards = await self._store.cards([line.article for line in ranked])
        items: Items = [_article(line.article, line.views, line.visitors, cards.get(line.article)) for line in ranked]
        found = await self._read(question.scope, period, now, with_hours=False)
        return items, _total(found, period, now)


def _classes(numbers: DayNumbers, day: str, period: Period, now: int) -> Mapping[str, int]:
    return numbers.classes if period.covers(day, now) else by_class(numbers.hours, period.hours(day))


def _views(numbers: DayNumbers, day: str, period: Period, now: int) -> int:
    return numbers.views if period.covers(day, now) else sum(by_class(numbers.hours, period.hours(day)).values())


def _referred(key: str, classes: Mapping[str, int], visitors: int | None) -> ReferredItem:
    return ReferredItem(key=key, views=sum(classes.values()), visitors=visitors, referrers=named(classes))


def _article(article: str, views: int, visitors: int | None, card: Card | None) -> NumbersArticle:
    if card is None or card.status == "erased":
        return NumbersArticle(key=article, views=views, visitors=visitors, headline=None, url=None, section=None)
    return NumbersArticle(
        key=article, views=views, visitors=visitors, headline=card.headline, url=card.url, section=card.section
    )


def _total(found: Mapping[str, DayNumbers], period: Period, now: int) -> NumbersTotal:
    views = sum(_views(numbers, day, period, now) for day, numbers in found.items())
    is_whole = all(period.covers(day, now) for day in found)
    return NumbersTotal(views=views, visitors=sum(numbers.visitors for numbers in found.values()) if is_whole else None)
