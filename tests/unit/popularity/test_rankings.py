"""The rules of rankings: merged tops, trends, rising articles, changes, and the age of an answer."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import fsum, log2

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.popularity.rankings.ranking_cache import RankingCache
from services.popularity.rankings.rules import decayed_views, has_changed, rising_score, top
from shared.events import Event, RankedArticle, RankingComputed, RankingsChecked, Record, encode

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)
NOW = int(NOON.timestamp()) // 60


def _ranked(*scores: float | None) -> tuple[RankedArticle, ...]:
    return tuple(
        RankedArticle(article_id=str(number), headline="H", url="/h", section="world", views=3, score=score)
        for number, score in enumerate(scores)
    )


def _record(event: Event) -> Record:
    message = encode(event)
    return Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)


def test_top_merges_partitions_exactly_with_newest_first_on_ties() -> None:
    assert top([{"a": 3, "b": 1}, {"c": 2, "d": 3}], 3) == [("d", 3), ("a", 3), ("c", 2)]


@given(ages=st.lists(st.integers(0, 5000), min_size=1, max_size=20), half_life=st.floats(10, 10_000))
def test_decayed_views_are_those_of_the_slow_sum(ages: Sequence[int], half_life: float) -> None:
    landmark = NOW - 200
    scores = fsum(2 ** ((NOW - age - landmark) / half_life) for age in ages)

    found = decayed_views(log2(scores) + landmark / half_life, NOW, half_life) if scores else 0.0

    assert found == pytest.approx(fsum(2 ** (-age / half_life) for age in ages), rel=1e-9, abs=1e-100)


def test_article_rises_against_its_own_past() -> None:
    quiet_then_read = rising_score(hour=60, day=60 + 23 * 4, age=10_000)
    always_read = rising_score(hour=60, day=24 * 60, age=10_000)
    fading = rising_score(hour=10, day=500, age=10_000)
    young = rising_score(hour=30, day=30, age=20)

    assert quiet_then_read > 15
    assert always_read == 0
    assert fading < 0 < young
    assert rising_score(hour=20, day=50, age=120) < rising_score(hour=20, day=50, age=24 * 60)


def test_small_change_of_a_score_changes_no_ranking() -> None:
    assert not has_changed(_ranked(100.0, 5.0), _ranked(103.0, 4.9))
    assert has_changed(_ranked(100.0, 5.0), _ranked(106.0, 5.0))
    assert has_changed(_ranked(100.0), _ranked(100.0, 5.0))
    assert has_changed(_ranked(None), ())
    assert has_changed(None, ())
    assert not has_changed(_ranked(None), _ranked(None))


def test_answer_says_that_it_is_stale_until_the_rankings_are_confirmed() -> None:
    changes: list[None] = []
    present = [NOON]
    cache = RankingCache(on_change=lambda: changes.append(None), now=lambda: present[0])
    cache.apply(_record(RankingComputed(window="24h", computed_at=NOON, items=_ranked(None))))
    cache.apply(_record(RankingComputed(window="trending", computed_at=NOON, items=_ranked(2.5))))

    def answer(window: str = "24h") -> tuple[object, ...]:
        found = orjson.loads(cache.answer(window, None, 5))  # type: ignore[arg-type]
        return found.get("stale", False), found["computed_at"], found["items"][0].get("score")

    cache.check_age()
    assert answer() == (False, "2026-02-08T12:00:00.000Z", None)
    present[0] += timedelta(seconds=11)
    cache.check_age()
    cache.check_age()
    assert (answer()[0], cache.age_s()) == (True, 11)
    cache.apply(_record(RankingsChecked(checked_at=present[0])))
    cache.check_age()
    assert answer() == (False, "2026-02-08T12:00:11.000Z", None)
    assert answer("trending") == (False, "2026-02-08T12:00:11.000Z", 2.5)
    assert len(changes) == 6  # three records; fresh, stale, fresh
