"""Readers of the last five minutes from an answer of popularity. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from services.desk.api import Json
from services.desk.numbers.charts import share_bar
from services.desk.numbers.series import whole
from services.desk.visit import moment_of
from services.desk.words import Words


@dataclass(frozen=True)
class LiveLine:
    """An article that is read now, or a section. `bar` shows its readers as a length."""

    key: str
    headline: str
    url: str
    section: str
    readers: int
    is_rising: bool
    bar: Markup


@dataclass(frozen=True)
class LiveReaders:
    """Readers of the site, its articles and its sections, most readers first."""

    at: datetime | None
    readers: int
    articles: Sequence[LiveLine]
    sections: Sequence[LiveLine]


def live_of(found: Json, words: Words, *, section: str = "", most: int = 10) -> LiveReaders:
    """What an answer of `now` says, of the site or of one section, with at most so many articles."""
    readers = found.get("readers")
    given: Mapping[str, object] = readers if isinstance(readers, Mapping) else {}
    of_sections = given.get("sections")
    sections: Mapping[str, object] = of_sections if isinstance(of_sections, Mapping) else {}
    items = found.get("articles")
    articles = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    if section:
        articles = [item for item in articles if item.get("section") == section]
    return LiveReaders(
        at=moment_of(found.get("at")),
        readers=whole(sections, section) if section else whole(given, "site"),
        articles=_lines(articles, words)[:most],
        sections=[]
        if section
        else _lines([{"key": name, "readers": whole(sections, name)} for name in sections], words),
    )


def _lines(items: Sequence[Mapping[str, object]], words: Words) -> Sequence[LiveLine]:
    ordered = sorted(items, key=lambda item: -whole(item, "readers"))
    full = max((whole(item, "readers") for item in ordered), default=0)
    return [
        LiveLine(
            key=str(item.get("article_id") or item.get("key") or ""),
            headline=str(item.get("headline") or ""),
            url=str(item.get("url") or ""),
            section=str(item.get("section") or ""),
            readers=whole(item, "readers"),
            is_rising=bool(item.get("rising")),
            bar=share_bar(whole(item, "readers"), full, is_rtl=words.dir == "rtl"),
        )
        for item in ordered
    ]
