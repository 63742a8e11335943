"""Views of rankings: the block Popular News, the page of a window, and the archive of days and weeks."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class PopularItem:
    """One line of a ranking. `views` is None where views are not what ranks."""

    article_id: str
    headline: str
    url: str
    section: str
    views: int | None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PopularTab:
    """A link to the page of another window."""

    window: str
    url: str
    shown: bool = False


@dataclass(frozen=True, slots=True)
class PopularView:
    """The Popular News block for pages in `language`. An empty ranking (`computed_at` None, no items) is allowed.

    `whole` is the longer list on a window's own page. `section` is that of the ranking, empty for the whole site's.
    `rising` are articles that readers turn to more than before, on the front page alone. `lateness`: newer views are not counted
    yet, for seconds or hours (`stale`) or for so long that the time needs a date (`old`).
    """

    window: str
    computed_at: datetime | None = None
    items: tuple[PopularItem, ...] = ()
    language: str = "en"
    tabs: tuple[PopularTab, ...] = ()
    whole: bool = False
    section: str = ""
    rising: tuple[PopularItem, ...] = ()
    lateness: Literal["", "stale", "old"] = ""


@dataclass(frozen=True, slots=True)
class PopularPageView:
    """The page around a window's ranking; `section` is empty for the whole site.

    `day` and `week` are the addresses of today's and of this week's page in the archive.
    """

    window: str
    path: str
    section: str = ""
    language: str = "en"
    day: str = ""
    week: str = ""


@dataclass(frozen=True, slots=True)
class PeriodLink:
    """A link to the page of a day or a week in the archive; `first` is its first day."""

    first: date
    url: str


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """The ranking of a day or a week, from `first` to `last`; `section` is empty for the whole site.

    `is_over`: its last day is over. `as_of` is the time of numbers that may still change, else None.
    A day has a link to its `week`, a week to its `days`.
    """

    kind: Literal["day", "week"]
    first: date
    last: date
    path: str
    is_over: bool
    as_of: datetime | None = None
    items: tuple[PopularItem, ...] = ()
    section: str = ""
    language: str = "en"
    previous: PeriodLink | None = None
    next: PeriodLink | None = None
    week: PeriodLink | None = None
    days: tuple[PeriodLink, ...] = ()
