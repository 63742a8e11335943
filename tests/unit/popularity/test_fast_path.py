"""The fast path writes and answers as the routes do."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.popularity.metrics import RANKINGS_UNREADABLE
from services.popularity.model.store import Card
from services.popularity.rankings.popular_routes import rank_at
from services.popularity.rankings.ranking_cache import RankingCache
from services.popularity.views.articles import known_article
from services.popularity.views.fast_path import Moments, view_message
from services.popularity.views.referrers import Referrers
from services.popularity.views.senders import Sender
from shared.events import (
    DROP_REASONS,
    DropReason,
    Header,
    PageViewed,
    RankedArticle,
    RankingComputed,
    Record,
    decode,
    encode,
)
from shared.times import now, rfc3339


@given(
    article=st.text(min_size=1, max_size=30),
    section=st.text(min_size=1, max_size=20),
    url=st.one_of(
        st.text(max_size=60), st.sampled_from(['https://"a".example/', "https://blog.example/x", "https://t.co"])
    ),
    dropped=st.sampled_from([None, *DROP_REASONS]),
)
def test_fast_path_writes_the_same_event_as_encode(
    article: str, section: str, url: str, dropped: DropReason | None
) -> None:
    event_id, moment = uuid4(), now()
    known = known_article(article, Card("published", "H", "/h", section, "en"))

    sender = Sender(Referrers("https://wm.example").classify(url), "0123456789abcdef", dropped)
    event = PageViewed(
        id=event_id,
        article_id=article,
        section=section,
        viewed_at=moment,
        referrer=sender.referrer.kind,
        referrer_host=sender.referrer.host,
        visitor=sender.visitor,
        dropped=dropped,
    )

    fast = view_message(str(event_id).encode(), known, sender, rfc3339(moment).encode(), b"00-" + b"1" * 32)
    usual = encode(event)

    assert (fast.topic, fast.key, fast.value) == (usual.topic, usual.key, usual.value)
    assert [name for name, _ in fast.headers] == [name for name, _ in usual.headers]
    assert fast.headers[:5] == usual.headers[:5]
    record = Record(fast.topic, known.partition, 0, fast.key, fast.value, fast.headers, 0)
    assert decode(record) == event


def test_moments_write_the_present_as_rfc3339() -> None:
    before, text, after = now(), Moments().now().decode(), now()

    assert before <= datetime.fromisoformat(text) <= after
    assert text == rfc3339(datetime.fromisoformat(text))


def _record(window: str, *views: int, at: datetime | None = None) -> Record:
    items = tuple(
        RankedArticle(article_id=str(number), headline="H", url="/h", section="world", views=count)
        for number, count in enumerate(views)
    )
    message = encode(RankingComputed(window=window, computed_at=at or now(), items=items))
    return Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)


def _with_id(record: Record, ce_id: bytes) -> tuple[Header, ...]:
    return tuple((name, ce_id if name == "ce_id" else value) for name, value in record.headers)


def test_ranking_that_is_later_in_the_log_wins_though_another_is_dated_ahead() -> None:
    changes: list[None] = []
    cache = RankingCache(on_change=lambda: changes.append(None))
    ahead, right = _record("24h", 1, at=now() + timedelta(hours=2)), _record("24h", 3, 2)

    empty = orjson.loads(cache.answer("24h", None, 5))
    for record in (ahead, right):
        cache.apply(record)
    found = orjson.loads(cache.answer("24h", None, 1))

    assert empty == {"window": "24h", "section": None, "computed_at": None, "stale": True, "items": []}
    assert [item["views"] for item in found["items"]] == [3]
    assert found["items"][0].keys() == {"article_id", "headline", "url", "section", "views"}
    assert len(changes) == 2


@pytest.mark.parametrize(
    "value", [b"{", b"[]", b"null", b'{"window": "24h", "computed_at": "2026-01-01T00:00:00", "items": []}']
)
def test_unreadable_ranking_is_counted_and_changes_no_answer(value: bytes) -> None:
    changes: list[None] = []
    cache = RankingCache(on_change=lambda: changes.append(None))
    first, second = _record("24h", 1, at=datetime(2026, 1, 1, tzinfo=UTC)), _record("24h", 2)
    dropped = RANKINGS_UNREADABLE._value.get()

    cache.apply(first)
    cache.apply(Record(first.topic, 0, 1, first.key, value, _with_id(first, b"poison"), 0))
    kept = orjson.loads(cache.answer("24h", None, 5))
    cache.apply(second)
    found = orjson.loads(cache.answer("24h", None, 5))

    assert kept["computed_at"] == "2026-01-01T00:00:00.000Z"
    assert [item["views"] for item in kept["items"]] == [1]
    assert [item["views"] for item in found["items"]] == [2]
    assert len(changes) == 2
    assert RANKINGS_UNREADABLE._value.get() == dropped + 1


def test_later_ranking_wins_whatever_its_record_id() -> None:
    cache = RankingCache(on_change=lambda: None)
    early, late = _record("24h", 1, at=datetime(2026, 1, 1, tzinfo=UTC)), _record("24h", 2)

    cache.apply(Record(early.topic, 0, 0, early.key, early.value, _with_id(early, b"zzz"), 0))
    cache.apply(late)

    assert [item["views"] for item in orjson.loads(cache.answer("24h", None, 5))["items"]] == [2]


def test_wrong_query_is_left_to_the_routes() -> None:
    cache, sections = RankingCache(on_change=lambda: None), frozenset({"world"})

    assert rank_at(cache, sections, "/v1/popular?window=1h&section=world&limit=3") is not None
    for path in ("?window=2h", "?limit=0", "?top=1", "?section=x", "?limit=1&limit=2", "ity", "/x"):
        assert rank_at(cache, sections, f"/v1/popular{path}") is None
