"""Rules of counting: windows, days and hours, places, trends. Pure functions, never of the clock.

Times are whole minutes since 1970, in UTC. Days and hours are the newsroom's:
a day of its time zone has 23 to 25 hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from shared.events import Window

HOUR = 60
DAY = 24 * HOUR

# Event ids are remembered in sets, one for a slot of log time: the four sets that were used last, so 45 to 60 minutes, and
# at least 30 when the log's clock steps once. The longest ambiguous retry (a browser that was offline, a loader that
# repeats) is far shorter.
ID_SLOT_MS = 15 * 60_000
MOST_ID_SETS = 4
# Bounds what views can make Redis keep: 72 bytes an id, so 173 MB in six partitions. Reached above 111 views a second in a
# partition; then the time above is shorter.
MOST_IDS_IN_A_SET = 100_000
# Records in one call of apply_views when a backlog is counted: 6 ms of Redis' only thread with 50 articles, 28 ms with 500.
# Calls of 1,000 take 5 ms with 50 articles: most of a call's cost is per article, not per view.
MOST_RECORDS_A_CALL = 2_000
# Hosts of referrers kept for a partition and day, about those with most views; the rest is one entry.
MOST_HOSTS = 500
# Tags of an article that have a ranking.
MOST_TAGS = 20
# A trend is moved to a new landmark at this distance. Doubles overflow at 1,024 half-lives.
FARTHEST_LANDMARK = 100
# An entry of a trend leaves below so many views: 6.6 half-lives after a single one.
FADED_VIEWS = 0.01
_KEYS = UUID("5b0e2f0a-9b6b-4b7e-8d34-1f5a1f0f6c52")  # the name space of event ids made from keys


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


def shift_day(day: str, days: int) -> str:
    """The day so many days later, or earlier."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


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


def place_of_tag(tag: str) -> str:
    """The place of a tag in keys: it ignores case."""
    return f"t:{tag.casefold()}"


def place_of_language(language: str) -> str:
    """The place of a language in keys."""
    return f"l:{language.casefold()}"


def places_of(section: str, tags: Sequence[str], language: str) -> tuple[str, ...]:
    """The places where an article ranks beside the whole site: `s:world`, `t:lakes`, `l:ar`."""
    marked = [place_of_tag(tag) for tag in tags[:MOST_TAGS] if "\n" not in tag]
    return tuple(dict.fromkeys([f"s:{section}", *marked, place_of_language(language)]))


def event_id_from_key(key: str) -> UUID:
    """The event id of a view with an Idempotency-Key and no id: the same for each repetition."""
    return uuid5(_KEYS, key)
