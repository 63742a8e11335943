"""The archive of rankings: the page of a day or a week. Order and views come from popularity, articles from the read model."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from services.rendering.pages.periods import Period, period_with
from services.rendering.pages.popular import MOST_LINES_OF_PAGE, PATH
from services.rendering.pages.popular_models import ArchiveView, PeriodLink, PopularItem
from services.rendering.pages.reading import Reading

# More than are shown: some may be withdrawn by now.
MOST_ASKED = MOST_LINES_OF_PAGE + 10


@dataclass(frozen=True, slots=True)
class PastRanking:
    """The most viewed articles of a period, with their views as of a time. `first_day`: the first day that has numbers at all.

    `is_final`: the period is over, and its numbers change no more, except by an adjustment.
    """

    items: tuple[tuple[str, int], ...]
    first_day: date | None
    is_final: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ArchiveScope:
    """What a page of the archive shows: a period, a section (empty for the whole site), and the chrome's language."""

    period: Period
    section: str
    language: str
    query: tuple[tuple[str, str], ...] = ()

    def path_of(self, period: Period) -> str:
        """The address of the same page for another period."""
        path = f"{PATH}/{period.name}"
        return f"{path}?{urlencode(self.query)}" if self.query else path


def has_page(period: Period, ranking: PastRanking, today: date) -> bool:
    """Whether a period has a page: not before the first day with numbers, and not in the future. Today always has one."""
    if period.first > today:
        return False
    return period.last >= (ranking.first_day or today)


async def archive_view(reading: Reading, scope: ArchiveScope, ranking: PastRanking, today: date) -> ArchiveView:
    """The page of a period. Withdrawn articles are left out."""
    period = scope.period
    articles = {article.id: article for article in await reading.articles([name for name, _ in ranking.items])}
    items = tuple(
        PopularItem(name, article.headline, article.url, article.section, views, article.language)
        for name, views in ranking.items
        if (article := articles.get(name)) is not None
    )

    def link(other: Period) -> PeriodLink | None:
        return PeriodLink(other.first, scope.path_of(other)) if has_page(other, ranking, today) else None

    return ArchiveView(
        kind=period.kind,
        first=period.first,
        last=period.last,
        path=scope.path_of(period),
        is_over=period.last < today,
        as_of=None if ranking.is_final else ranking.as_of,
        items=items[:MOST_LINES_OF_PAGE],
        section=scope.section,
        language=scope.language,
        previous=link(period.previous),
        next=link(period.next),
        week=link(period_with("week", period.first)) if period.kind == "day" else None,
        days=tuple(found for day in period.days if (found := link(day))) if period.kind == "week" else (),
    )
