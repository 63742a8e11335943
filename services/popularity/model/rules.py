"""Rules of counting: the minute, article and lifetime of a view. Pure functions of the record, never of the clock.

Only `horizon` takes the present as an argument. Times are whole minutes since 1970, in UTC. Days and hours are the newsroom's:
a day of its time zone has 23 to 25 hours.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import orjson

from shared.errors import InvalidMessage
from shared.events import PageViewed, Record, Window, decode

HOUR = 60
DAY = 24 * HOUR

# The clock of an api may be ahead. A view further in the future counts at the time of its record in the log.
MOST_SKEW_MS = 60_000
# Event ids are remembered in sets, one for a slot of log time: the four sets that were used last, so 45 to 60 minutes, and
# at least 30 when the log's clock steps once. The longest ambiguous retry (a browser that was offline, a loader that
# repeats) is far shorter.
ID_SLOT_MS = 15 * 60_000
MOST_ID_SETS = 4
# Bounds what views can make Redis keep: 72 bytes an id, so 173 MB in six partitions. Reached above 111 views a second in a
# partition; then the time above is shorter.
MOST_IDS_IN_A_SET = 100_000
# Records in one call of apply_views: a few milliseconds of Redis' only thread.
MOST_RECORDS_A_CALL = 1000
_KEYS = UUID("5b0e2f0a-9b6b-4b7e-8d34-1f5a1f0f6c52")  # the name space of event ids made from keys
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """A bounded window: its length, and the length of its buckets."""

    window: Window
    length: int
    bucket: int


SPANS = (Span("1h", HOUR, 1), Span("24h", DAY, HOUR), Span("7d", 7 * DAY, HOUR), Span("30d", 30 * DAY, DAY))


def horizon(span: Span, now_ms: int) -> int:
    """The start of the oldest bucket that counts. Buckets that ended before the window began do not."""
    return (now_ms // 60_000 - span.length) // span.bucket * span.bucket


@lru_cache(4096)
def day_of(minute: int, zone: ZoneInfo) -> str:
    """The local day of a minute, such as `2026-11-28`."""
    return _local(minute, zone).date().isoformat()


@lru_cache(4096)
def hour_start(minute: int, zone: ZoneInfo) -> int:
    """The start of a minute's local hour: its full hour, or the moment when the clocks changed within it."""
    start = minute - _local(minute, zone).minute
    offset = _offset(minute, zone)
    if _offset(start, zone) == offset:
        return start
    # The clocks changed by a part of an hour, or within one: Lord Howe Island, St. John's.
    return next(found for found in range(start + 1, minute + 1) if _offset(found, zone) == offset)


@lru_cache(1024)
def hours_of(day: str, zone: ZoneInfo) -> list[int]:
    """The starts of a local day's hours, in order; empty for a day that the zone skipped."""
    noon = int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()) // 60 + 12 * HOUR
    start = hour_start(noon - 28 * HOUR, zone)  # zones are 12 hours behind UTC to 14 hours ahead
    starts = []
    while start < noon + 28 * HOUR:
        if day_of(start, zone) == day:
            starts.append(start)
        start = _next_hour(start, zone)
    return starts


def _next_hour(start: int, zone: ZoneInfo) -> int:
    full = start + HOUR - _local(start, zone).minute
    if _offset(full, zone) == _offset(start, zone):
        return full
    return next(found for found in range(start + 1, full + 1) if hour_start(found, zone) == found)


def _local(minute: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(minute * 60, zone)


def _offset(minute: int, zone: ZoneInfo) -> int:
    return int((_local(minute, zone).utcoffset() or timedelta()).total_seconds())


def id_slot(timestamp_ms: int) -> int:
    """The slot of event ids of a record, by its time in the log."""
    return timestamp_ms // ID_SLOT_MS


def fingerprint(record: Record) -> str:
    """Distinguishes a record from the one at the same offset of another log."""
    return f"{record.timestamp_ms}:{zlib.crc32(record.value or b''):08x}"


class View(NamedTuple):
    """The parts of a view that are counted."""

    id: bytes
    article: str
    minute: int


def read_view(record: Record) -> View:
    """The view in a record; raises InvalidMessage when there is none."""
    view = _read_own_form(record.value) or _read_any(record)
    if view.minute * 60_000 <= record.timestamp_ms + MOST_SKEW_MS:
        return view
    return View(view.id, view.article, record.timestamp_ms // 60_000)


def _read_own_form(value: bytes | None) -> View | None:
    """Fast path for the form that our api writes; None for any other form."""
    try:
        data = orjson.loads(value or b"")
        viewed_at, article = data["viewed_at"], data["article_id"]
        if len(viewed_at) != 24 or viewed_at[-1] != "Z" or not isinstance(article, str) or not article:
            return None
        identity = bytes.fromhex(data["id"].replace("-", ""))
        return View(identity, article, _minute(viewed_at[:16])) if len(identity) == 16 and data["section"] else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(4096)
def _minute(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    if moment < _EARLIEST:
        raise ValueError("before the first possible view")
    return int(moment.timestamp()) // 60


def _read_any(record: Record) -> View:
    event = decode(record)
    if not isinstance(event, PageViewed):
        raise InvalidMessage(f"{type(event).__name__} is not a view")
    if not event.article_id or event.viewed_at < _EARLIEST:
        raise InvalidMessage("a view names its article and its moment, after the year 2000")
    return View(event.id.bytes, event.article_id, int(event.viewed_at.timestamp()) // 60)


@dataclass
class Chunk:
    """Merged records of one partition. One call of apply_views applies all of them or none.

    `start` is the position before them and `end` the one after. `rows` are the distinct pairs of article and minute. `views`
    maps each event id to its row, so that a repeated id counts once.
    """

    start: int
    end: int
    slot: int
    fingerprint: str
    rows: dict[tuple[str, int], int] = field(default_factory=dict)
    views: dict[bytes, int] = field(default_factory=dict)

    def add(self, view: View) -> None:
        """Count a view, unless its id is here already."""
        row = self.rows.setdefault((view.article, view.minute), len(self.rows))
        self.views.setdefault(view.id, row)


def merge(start: int, read: Sequence[tuple[Record, View | None]]) -> Iterator[Chunk]:
    """Chunks that cover the records in order without a gap. A record without a view only advances the position."""
    first = 0
    while first < len(read):
        slot = id_slot(read[first][0].timestamp_ms)
        chunk = Chunk(start, start, slot, "")
        last = first
        for record, view in read[first : first + MOST_RECORDS_A_CALL]:
            if id_slot(record.timestamp_ms) != slot:
                break
            if view is not None:
                chunk.add(view)
            last += 1
        final = read[last - 1][0]
        chunk.end, chunk.fingerprint = final.offset + 1, fingerprint(final)
        yield chunk
        first, start = last, chunk.end


def top(lists: Sequence[Mapping[str, int]], most: int) -> list[tuple[str, int]]:
    """The most viewed articles of several partitions; exact, since an article has one partition. Ties by id, newest first."""
    merged = [pair for counts in lists for pair in counts.items()]
    merged.sort(key=lambda pair: pair[0], reverse=True)
    merged.sort(key=lambda pair: -pair[1])
    return merged[:most]


def event_id_from_key(key: str) -> UUID:
    """The event id of a view with an Idempotency-Key and no id: the same for each repetition."""
    return uuid5(_KEYS, key)
