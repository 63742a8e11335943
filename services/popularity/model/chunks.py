"""Records of views.v1 become chunks of rows for `apply_views.lua`. Pure functions of the record, never of the clock."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import orjson

from services.popularity.model.rules import MOST_RECORDS_A_CALL, id_slot
from shared.errors import InvalidMessage
from shared.events import DROP_REASONS, PageViewed, Record, ReferrerClass, ViewsAdjusted, decode

# The clock of an api may be ahead. A view further in the future counts at the time of its record in the log.
MOST_SKEW_MS = 60_000
NOBODY = bytes(8)
# Classes of rows in Redis: where a reader came from, an adjustment, a dropped view.
LETTERS: dict[ReferrerClass, str] = {"search": "s", "social": "o", "site": "i", "other": "x", "none": "n"}
ADJUSTED = "a"
DROPPED = "d"
_MOST_HOST = 100
_MOST_ADJUSTED = 1_000_000_000
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def fingerprint(record: Record) -> str:
    """Distinguishes a record from the one at the same offset of another log."""
    return f"{record.timestamp_ms}:{zlib.crc32(record.value or b''):08x}"


class View(NamedTuple):
    """The parts of a view that are counted, or of an adjustment.

    `letter` is its class, `detail` the host of class x, the views of an adjustment or the reason of a dropped view.
    """

    id: bytes
    article: str
    minute: int
    letter: str = "n"
    detail: str = ""
    section: str = ""
    visitor: bytes = NOBODY


def read_view(record: Record) -> View:
    """The view or adjustment in a record; raises InvalidMessage when there is none."""
    view = _read_own_form(record.value) or _read_any(record)
    if view.minute * 60_000 <= record.timestamp_ms + MOST_SKEW_MS:
        return view
    return view._replace(minute=record.timestamp_ms // 60_000)


def _read_own_form(value: bytes | None) -> View | None:
    """Fast path for the form that our api writes; None for any other form."""
    try:
        data = orjson.loads(value or b"")
        viewed_at, article, section = data["viewed_at"], data["article_id"], data["section"]
        if len(viewed_at) != 24 or viewed_at[-1] != "Z" or not isinstance(article, str) or not article:
            return None
        identity = bytes.fromhex(data["id"].replace("-", ""))
        if len(identity) != 16 or not section or not isinstance(section, str):
            return None
        get = data.get
        letter, detail = _class_of(get("referrer", "none"), get("referrer_host", ""), get("dropped"))
        return View(identity, article, _minute(viewed_at[:16]), letter, detail, section, visitor_of(get("visitor", "")))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _class_of(referrer: ReferrerClass, host: str, dropped: str | None) -> tuple[str, str]:
    if dropped is not None:
        if dropped not in DROP_REASONS:
            raise ValueError("no known reason")
        return DROPPED, dropped
    return LETTERS[referrer], host[:_MOST_HOST] if referrer == "other" else ""


def visitor_of(text: str) -> bytes:
    """A visitor's 8 bytes; zeros for none and for anything else."""
    if len(text) != 16:
        return NOBODY
    try:
        return bytes.fromhex(text)
    except ValueError:
        return NOBODY


@lru_cache(4096)
def _minute(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    if moment < _EARLIEST:
        raise ValueError("before the first possible view")
    return int(moment.timestamp()) // 60


def _read_any(record: Record) -> View:
    event = decode(record)
    if isinstance(event, ViewsAdjusted):
        return _read_adjustment(event)
    if not isinstance(event, PageViewed):
        raise InvalidMessage(f"{type(event).__name__} is not a view")
    if not event.article_id or event.viewed_at < _EARLIEST:
        raise InvalidMessage("a view names its article and its moment, after the year 2000")
    letter, detail = _class_of(event.referrer, event.referrer_host, event.dropped)
    minute = int(event.viewed_at.timestamp()) // 60
    return View(event.id.bytes, event.article_id, minute, letter, detail, event.section, visitor_of(event.visitor))


def _read_adjustment(event: ViewsAdjusted) -> View:
    if not event.article_id or event.window_start < _EARLIEST or abs(event.views) > _MOST_ADJUSTED:
        raise InvalidMessage("an adjustment names its article, a moment after the year 2000, and a possible number")
    minute = int(event.window_start.timestamp()) // 60
    return View(event.id.bytes, event.article_id, minute, ADJUSTED, str(event.views))


@dataclass
class Chunk:
    """Merged records of one partition. One call of apply_views applies all of them or none.

    `start` is the position before them and `end` the one after. `rows` are the distinct tuples of article, minute, class,
    detail and section. `views` maps each event id to its row, so that a repeated id counts once; `visitors` are theirs.
    """

    start: int
    end: int
    slot: int
    fingerprint: str
    rows: dict[tuple[str, int, str, str, str], int] = field(default_factory=dict)
    views: dict[bytes, int] = field(default_factory=dict)
    visitors: list[bytes] = field(default_factory=list)

    def add(self, view: View) -> None:
        """Count a view, unless its id is here already."""
        if view.id not in self.views:
            self.views[view.id] = self.rows.setdefault(view[1:6], len(self.rows))
            self.visitors.append(view.visitor)


def ends(records: Sequence[Record]) -> Iterator[int]:
    """The indexes at which chunks of the records end. The records of a chunk are of one slot of log time, and not too many."""
    first, slot = 0, id_slot(records[0].timestamp_ms) if records else 0
    for index, record in enumerate(records):
        slot_here = id_slot(record.timestamp_ms)
        if slot_here != slot or index - first == MOST_RECORDS_A_CALL:
            yield index
            first, slot = index, slot_here
    if records:
        yield len(records)


def collect(start: int, read: Sequence[tuple[Record, View | None]]) -> Chunk:
    """One chunk from a position on. A record without a view only advances the position."""
    final = read[-1][0]
    chunk = Chunk(start, final.offset + 1, id_slot(final.timestamp_ms), fingerprint(final))
    for _, view in read:
        if view is not None:
            chunk.add(view)
    return chunk


def merge(start: int, read: Sequence[tuple[Record, View | None]]) -> Iterator[Chunk]:
    """Chunks that cover the records in order without a gap."""
    first = 0
    for last in ends([record for record, _ in read]):
        chunk = collect(start, read[first:last])
        yield chunk
        first, start = last, chunk.end
