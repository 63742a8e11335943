"""The archive of rankings: days and weeks, the pages that exist, and the answers that the gateway remembers."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.popularity.numbers.contract import Archive, ArchivedArticle
from services.rendering.feeds.syndication import Syndication
from services.rendering.gateway.page_builder import PageBuilder
from services.rendering.gateway.past_rankings import PastRankings
from services.rendering.gateway.service_client import ServiceClient
from services.rendering.pages.addresses import Address
from services.rendering.pages.archive import PastRanking, has_page
from services.rendering.pages.page import Absence, Page
from services.rendering.pages.periods import Period, period_with, read_period
from services.rendering.readmodel.store import ReadModel
from shared.errors import Unavailable
from shared.http.ready_response import DateLine
from shared.mongo.client import Mongo
from shared.site.site import load_site
from tests.support.html_pages import BASE_URL, TEMPLATES
from tests.support.past_rankings import Popularity

DAY = Period("day", date(2026, 11, 28))
WEEK = Period("week", date(2026, 11, 23))
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("2026-11-28", DAY),
        ("2026-W48", WEEK),
        ("2026-W53", Period("week", date(2026, 12, 28))),
        ("2027-W53", None),
        ("2026-W00", None),
        ("2026-13-01", None),
        ("2026-02-30", None),
        ("2026-w48", None),
        ("20261128", None),
        ("2026-11", None),
        ("", None),
    ],
)
def test_name_is_read_as_day_or_week(name: str, period: Period | None) -> None:
    assert read_period(name) == period


@given(st.dates(date(2000, 1, 1), date(2098, 12, 31)), st.sampled_from(["day", "week"]))
def test_periods_follow_each_other_without_gap(day: date, kind: str) -> None:
    period = period_with("day" if kind == "day" else "week", day)

    assert period.first <= day <= period.last
    assert read_period(period.name) == period
    assert period.next.previous == period
    assert period.next.first == period.last + timedelta(days=1)
    assert period.days[-1].last == period.last


def test_pages_exist_from_the_first_day_with_numbers_to_today() -> None:
    ranking = PastRanking((), date(2026, 11, 25), is_final=True, as_of=NOON)
    today = date(2026, 11, 29)

    found = [name for name in ("2026-11-24", "2026-11-25", "2026-11-29", "2026-11-30") if _exists(name, ranking, today)]

    assert found == ["2026-11-25", "2026-11-29"]
    assert [_exists(name, ranking, today) for name in ("2026-W47", "2026-W48", "2026-W49")] == [False, True, False]
    assert _exists("2026-11-29", PastRanking((), None, is_final=False, as_of=NOON), today)
    assert not _exists("2026-11-28", PastRanking((), None, is_final=False, as_of=NOON), today)


def _exists(name: str, ranking: PastRanking, today: date) -> bool:
    period = read_period(name)
    assert period is not None
    return has_page(period, ranking, today)


async def test_answers_are_held_and_outlive_popularity() -> None:
    # Made by popularity's own model, so that a change of its answer shows here.
    item = ArchivedArticle(article_id="a", views=7, headline="H", url="/world/h", section="world")
    answer = Archive(day=DAY.name, week=None, section=None, first_day="2026-02-08", complete=True, items=[item])
    popularity = Popularity(answer.model_dump(mode="json"))
    clock = [0.0]
    async with popularity.serving() as client:
        rankings = PastRankings(client, lambda: NOON, lambda: clock[0])
        first = await rankings.ranking(DAY, "world")
        clock[0] = 599.0
        again = await rankings.ranking(DAY, "world")
        clock[0] = 601.0
        await rankings.ranking(DAY, "world")
        popularity.status = 503
        clock[0] = 1300.0
        outdated = await rankings.ranking(DAY, "world")
        with pytest.raises(Unavailable):
            await rankings.ranking(WEEK, "")
        popularity.status = 200
        await rankings.ranking(DAY, "world")
        early = await rankings.ranking(Period("day", date(2026, 2, 7)), "sports")

    assert first == PastRanking((("a", 7),), date(2026, 2, 8), is_final=True, as_of=NOON)
    assert again is first
    assert outdated == first
    assert popularity.asked[:3] == [{"day": "2026-11-28", "limit": "30", "section": "world"}] * 3
    assert early == PastRanking((), date(2026, 2, 8), is_final=True, as_of=NOON)
    assert len(popularity.asked) == 5
    assert popularity.asked[3] == {"week": "2026-W48", "limit": "30"}


@pytest.mark.parametrize("answer", [{"items": [{"article_id": "a"}]}, {"items": 7}, {}])
async def test_unreadable_answer_counts_as_no_answer(answer: dict[str, object]) -> None:
    async with Popularity(answer).serving() as client:
        with pytest.raises(Unavailable):
            await PastRankings(client, lambda: NOON).ranking(DAY, "")


async def test_future_day_has_a_page_when_it_begins_and_popular_news_links_to_today() -> None:
    site, zone = load_site(None), load_site(None).zone
    mongo = Mongo("mongodb://127.0.0.1:9")  # nothing is read
    date_line = DateLine()
    builder = PageBuilder(
        ReadModel(mongo),
        TEMPLATES,
        site,
        date_line,
        lambda: NOON,
        Syndication(site, BASE_URL, "", date_line, lambda: NOON),
        PastRankings(ServiceClient("popularity", (), 1.0), lambda: NOON),
    )

    future = (await builder.build(Address("archive", "/popular/2026-12-24"))).page
    popular = (await builder.build(Address("popular", "/popular"))).page
    mongo.close()

    assert future == Absence(404, until=datetime(2026, 12, 24, tzinfo=zone))
    assert isinstance(popular, Page)
    assert popular.until == datetime(2026, 11, 30, tzinfo=zone)
    html = popular.encode("identity", b"").content.decode()
    assert 'href="/popular/2026-11-29"' in html
    assert 'href="/popular/2026-W48"' in html
