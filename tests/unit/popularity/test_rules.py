"""The rules of counting."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.popularity.model.chunks import MOST_SKEW_MS, View, fingerprint, merge, read_view
from services.popularity.model.rules import (
    DAY,
    ID_SLOT_MS,
    MOST_RECORDS_A_CALL,
    SPANS,
    Span,
    event_id_from_key,
    horizon,
)
from shared.errors import InvalidMessage
from shared.events import PageViewed, Record, encode
from shared.times import to_milliseconds

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


def _record(
    *, viewed_at: datetime = NOON, logged_ms: int = NOON_MS, offset: int = 0, article: str = "a", id: UUID | None = None
) -> Record:
    message = encode(PageViewed(id=id or uuid4(), article_id=article, section="world", viewed_at=viewed_at))
    return Record(message.topic, 0, offset, message.key, message.value, message.headers, logged_ms)


def _changed(record: Record, **changed: object) -> Record:
    value = orjson.dumps({**orjson.loads(record.value or b""), **changed})
    return Record(record.topic, 0, 0, record.key, value, record.headers, record.timestamp_ms)


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.window)
def test_window_holds_whole_buckets_and_at_least_its_length(span: Span) -> None:
    for second in range(0, 3 * 3600, 977):
        start = horizon(span, NOON_MS + second * 1000)
        behind = (NOON_MS // 60_000) + second // 60 - start
        assert start % span.bucket == 0
        assert span.length <= behind < span.length + span.bucket


def test_view_counts_in_its_own_minute() -> None:
    view = read_view(_record(viewed_at=NOON - timedelta(days=3, seconds=1)))

    assert view.minute == NOON_MS // 60_000 - 3 * DAY - 1


def test_view_from_the_future_counts_at_its_time_in_the_log() -> None:
    ahead = timedelta(milliseconds=MOST_SKEW_MS)

    assert read_view(_record(viewed_at=NOON + ahead)).minute == NOON_MS // 60_000 + 1
    assert read_view(_record(viewed_at=NOON + 2 * ahead)).minute == NOON_MS // 60_000


@given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)), name=st.uuids())
def test_own_form_and_any_form_are_read_alike(moment: datetime, name: UUID) -> None:
    short = _record(viewed_at=to_milliseconds(moment), id=name)
    spaced = Record(
        short.topic, 0, 0, short.key, (short.value or b"").replace(b".", b".000"), short.headers, short.timestamp_ms
    )

    assert (
        read_view(short) == read_view(spaced) == View(name.bytes, "a", int(moment.timestamp()) // 60, section="world")
    )


@pytest.mark.parametrize(
    "bad",
    [
        _changed(_record(), viewed_at="1969-12-31T23:59:00.000Z"),
        _changed(_record(), viewed_at="-001-12-31T23:59:00.000Z"),
        _changed(_record(), viewed_at=-5),
        _changed(_record(), id="nobody"),
        _changed(_record(), article_id=""),
        _changed(_record(), article_id=None),
        Record("views.v1", 0, 0, b"", b"{", _record().headers, NOON_MS),
        Record("views.v1", 0, 0, b"", b"[]", _record().headers, NOON_MS),
        Record("views.v1", 0, 0, b"", b"\xff\xfe", _record().headers, NOON_MS),
        Record("views.v1", 0, 0, b"", None, (), NOON_MS),
        Record("views.v1", 0, 0, b"", b"{}", (), NOON_MS),
    ],
)
def test_record_without_a_view_is_invalid(bad: Record) -> None:
    with pytest.raises(InvalidMessage):
        read_view(bad)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2 * ID_SLOT_MS), st.booleans(), st.integers(0, 5)), min_size=1)
)
def test_chunks_cover_the_records_without_a_gap(steps: list[tuple[int, int, bool, int]]) -> None:
    offset, read = 10, []
    for step, late, bad, number in steps:
        offset += step
        record = _record(logged_ms=NOON_MS + late, offset=offset)
        read.append((record, None if bad else View(bytes([number]) * 16, f"article {number}", 1)))

    chunks = list(merge(10, read))

    assert chunks[0].start == 10
    assert chunks[-1].end == offset + 1
    assert chunks[-1].fingerprint == fingerprint(read[-1][0])
    assert all(one.end == next.start for one, next in pairwise(chunks))
    assert {chunk.slot for chunk in chunks} == {record.timestamp_ms // ID_SLOT_MS for record, _ in read}
    assert {id for chunk in chunks for id in chunk.views} == {view.id for _, view in read if view}


def test_chunk_is_bounded_and_counts_an_id_once() -> None:
    record = _record()
    views = [View(number.to_bytes(16, "big"), "a", 1) for number in range(2 * MOST_RECORDS_A_CALL)]

    chunks = list(merge(0, [(record, view) for view in views]))
    twice = list(merge(0, [(record, views[0]), (record, views[0])]))

    assert [len(chunk.views) for chunk in chunks] == [MOST_RECORDS_A_CALL, MOST_RECORDS_A_CALL]
    assert [len(chunk.views) for chunk in twice] == [1]


def test_idempotency_key_always_gives_the_same_event_id() -> None:
    assert event_id_from_key("one") == event_id_from_key("one") != event_id_from_key("two")
