"""The working copies as rows of a list, in memory: filters, counts, suggestions, the calendar. No I/O.

The embedded MongoDB reads every document for a sort, a count or a search: more than a second for 10,000 articles.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Literal

from services.ingestion.articles.records import Filters, Key
from shared.text import fold

Terms = Literal["tags", "bylines"]
_KEY_OF: Mapping[Terms, str] = {"tags": "tag", "bylines": "byline"}


@dataclass(frozen=True, slots=True)
class ListRow:
    """What a list needs to know of a working copy. `text` is headline and standfirst, folded."""

    article_id: str
    number: int
    version: int
    status: str
    section: str
    language: str
    headline: str
    text: str
    tags: tuple[str, ...]
    bylines: tuple[str, ...]
    author_ids: tuple[str, ...]
    is_changed: bool
    is_submitted: bool
    scheduled_for: datetime | None
    published_at: datetime | None
    embargo_until: datetime | None
    picture_ids: tuple[str, ...] = ()
    lead_picture_ids: tuple[str, ...] = ()

    @property
    def keys(self) -> Iterator[Key]:
        """The values under which filters find the row."""
        yield "status", self.status
        yield "section", self.section
        yield "language", self.language
        yield from (("tag", fold(tag)) for tag in self.tags)
        yield from (("byline", fold(byline)) for byline in self.bylines)
        yield from (("by", author_id) for author_id in self.author_ids)
        yield from (("picture", picture_id) for picture_id in self.picture_ids)
        flags = {
            "changed": self.is_changed,
            "submitted": self.is_submitted,
            "scheduled": self.scheduled_for is not None,
        }
        yield from ((name, "true") for name, is_set in flags.items() if is_set)
        if self.scheduled_for is None:
            yield "scheduled", "false"

    @property
    def times(self) -> Iterator[datetime]:
        """Its times on the calendar."""
        yield from (time for time in (self.scheduled_for, self.published_at, self.embargo_until) if time is not None)


class ListTable:
    """All rows, by number, with the numbers of each key. A filter reads the shortest of its keys' sets, or stops early."""

    def __init__(self) -> None:
        self._rows: dict[int, ListRow] = {}
        self._numbers: list[int] = []
        self._having: defaultdict[Key, set[int]] = defaultdict(set)
        self._spelling: dict[Key, str] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, row: ListRow) -> None:
        """Add a row, or replace an older version of it."""
        before = self._rows.get(row.number)
        if before is not None and before.version >= row.version:
            return
        if before is None:
            insort(self._numbers, row.number)
        else:
            self._forget(before)
        self._rows[row.number] = row
        for key in row.keys:
            self._having[key].add(row.number)
        self._spelling |= {("tag", fold(tag)): tag for tag in row.tags}
        self._spelling |= {("byline", fold(byline)): byline for byline in row.bylines}

    def _forget(self, row: ListRow) -> None:
        for key in row.keys:
            self._having[key].discard(row.number)
            if not self._having[key]:
                del self._having[key]

    def page(self, filters: Filters, before: int | None, limit: int) -> tuple[list[ListRow], int | None]:
        """Rows below the number `before` that pass the filters, newest first, and where to continue (None at the end)."""
        found: list[ListRow] = []
        for row in self._newest_first(filters, before):
            if len(found) == limit:
                return found, found[-1].number
            found.append(row)
        return found, None

    def scheduled(
        self, filters: Filters, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[list[ListRow], tuple[datetime, str] | None]:
        """Scheduled rows behind (time, id) that pass the filters, the next one first, and where to continue."""
        places = sorted(
            (row.scheduled_for, row.article_id, row.number)
            for row in self._newest_first(filters, None)
            if row.scheduled_for is not None and (after is None or (row.scheduled_for, row.article_id) > after)
        )
        last = places[limit - 1][:2] if len(places) > limit else None
        return [self._rows[number] for _, _, number in places[:limit]], last

    def count(self, name: str, value: str = "true") -> int:
        """The number of rows with this key."""
        return len(self._having.get((name, value), ()))

    def overdue(self, before: datetime) -> int:
        """The number of rows that were to be published before this time."""
        return sum(row.scheduled_for is not None and row.scheduled_for < before for row in self.scheduled_rows())

    def next_scheduled(self) -> datetime | None:
        """The time of the next scheduled publication, also one that is overdue."""
        times = (row.scheduled_for for row in self.scheduled_rows())
        return min((time for time in times if time is not None), default=None)

    def between(self, start: datetime, end: datetime) -> list[ListRow]:
        """Rows with a time on the calendar from `start` to before `end`, by the first of these times."""
        first = {
            row.number: min(times)
            for row in self._rows.values()
            if (times := [time for time in row.times if start <= time < end])
        }
        return [self._rows[number] for number in sorted(first, key=lambda number: (first[number], number))]

    def published(self, most: int) -> list[ListRow]:
        """Rows that readers see, the newest publication first."""
        rows = (self._rows[number] for number in self._having.get(("status", "published"), ()))
        dated = ((row.published_at, row.number) for row in rows if row.published_at is not None)
        return [self._rows[number] for _, number in nlargest(most, dated)]

    def using(self, picture_id: str) -> list[ListRow]:
        """Rows that show a picture of the store, newest first."""
        numbers = self._having.get(("picture", picture_id), ())
        return [self._rows[number] for number in sorted(numbers, reverse=True)]

    def terms(self, kind: Terms, beginning: str, section: str | None, most: int) -> list[str]:
        """Tags or bylines with a word that begins so, the most used ones first, as they were last written."""
        wanted, name = fold(beginning).strip(), _KEY_OF[kind]
        inside = None if section is None else self._having.get(("section", section), set())
        uses = {
            key: len(numbers) if inside is None else len(numbers & inside)
            for key, numbers in self._having.items()
            if key[0] == name and f" {key[1]}".find(f" {wanted}") >= 0
        }
        ranked = sorted((key for key in uses if uses[key]), key=lambda key: (-uses[key], key))
        return [self._spelling[key] for key in ranked[:most]]

    def scheduled_rows(self) -> list[ListRow]:
        """All scheduled rows, in no order."""
        return [self._rows[number] for number in self._having.get(("scheduled", "true"), ())]

    def _newest_first(self, filters: Filters, before: int | None) -> Iterator[ListRow]:
        for number in self._candidates(filters.keys, before):
            row = self._rows[number]
            if all(number in self._having.get(key, ()) for key in filters.keys) and all(
                word in row.text for word in filters.words
            ):
                yield row

    def _candidates(self, keys: Sequence[Key], before: int | None) -> Iterator[int]:
        rarest = min((self._having.get(key, set()) for key in keys), key=len, default=None)
        if rarest is not None and len(rarest) * 4 < len(self._numbers):
            yield from sorted((number for number in rarest if before is None or number < before), reverse=True)
            return
        end = len(self._numbers) if before is None else bisect_left(self._numbers, before)
        yield from (self._numbers[index] for index in range(end - 1, -1, -1))
