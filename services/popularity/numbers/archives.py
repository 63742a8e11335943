"""The archive: the most read articles of a day or a week, for readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.popularity.model.store import Store
from services.popularity.numbers.contract import Archive, ArchivedArticle
from services.popularity.numbers.held_rankings import HeldRankings
from services.popularity.numbers.periods import check_year, day_start, days_of_week, next_day
from services.popularity.numbers.questions import SITE, read_section
from services.popularity.numbers.rules import RankedLine
from shared.http.problems import field_problem
from shared.http.requests import read_limit, refuse_unknown


@dataclass(frozen=True)
class ArchiveQuestion:
    """A day or a week, as the request named it, and its days."""

    day: str | None
    week: str | None
    days: Sequence[str]
    section: str | None
    limit: int


def read_archive_question(query: Mapping[str, str], sections: frozenset[str]) -> ArchiveQuestion:
    """The question in a query; 422 for a wrong one."""
    refuse_unknown(query, ("day", "week", "section", "limit"))
    day, week = query.get("day") or None, query.get("week") or None
    if (day is None) == (week is None):
        raise field_problem("?day", "Name a day or a week.")
    try:
        days = [_day(day)] if day is not None else days_of_week(week or "")
    except ValueError as error:
        name, example = ("day", "2026-11-28") if day is not None else ("week", "2026-W48")
        raise field_problem(f"?{name}", f"{name} has the form {example}.") from error
    return ArchiveQuestion(day, week, days, read_section(query, sections), read_limit(query))


def _day(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("another form of a date")
    check_year(int(text[:4]))
    return text


class Archives:
    """Answers with archived rankings. Raises Unavailable."""

    def __init__(self, rankings: HeldRankings, store: Store, zone: ZoneInfo) -> None:
        self._rankings = rankings
        self._store = store
        self._zone = zone

    async def answer(self, question: ArchiveQuestion, now: int) -> Archive:
        """The ranking of the question's days. `now` in minutes since 1970."""
        scope = SITE if question.section is None else f"s:{question.section}"
        days = [day for day in question.days if day_start(day, self._zone) <= now]
        ranking = await self._rankings.find(scope, days)
        is_over = day_start(next_day(question.days[-1]), self._zone) <= now
        return Archive(
            day=question.day,
            week=question.week,
            section=question.section,
            first_day=ranking.first_day,
            complete=is_over and not ranking.is_live,
            items=await self._items(ranking.lines, question.limit),
        )

    async def _items(self, lines: Sequence[RankedLine], most: int) -> list[ArchivedArticle]:
        """The first articles that are published now: a withdrawn one vanishes at once."""
        items: list[ArchivedArticle] = []
        for first in range(0, len(lines), most):
            step = lines[first : first + most]
            cards = await self._store.cards([line.article for line in step])
            items += [
                ArchivedArticle(
                    article_id=line.article,
                    headline=card.headline,
                    url=card.url,
                    section=card.section,
                    views=line.views,
                )
                for line in step
                if (card := cards.get(line.article)) is not None and card.status == "published"
            ]
            if len(items) >= most:
                break
        return items[:most]
