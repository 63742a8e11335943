"""Visitors of an article by window, on a real Redis: which days are read, and how often."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.popularity.model.store import Store, base_of, views_partition
from services.popularity.views.distinct_visitors import DistinctVisitors
from shared import topics
from shared.errors import Unavailable
from shared.redis import connect

NOW = int(datetime(2026, 2, 8, 12, tzinfo=UTC).timestamp()) // 60
PUBLISHED = int(datetime(2026, 2, 1, 12, tzinfo=UTC).timestamp()) // 60


class Former:
    """The days before today, which may be away."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.is_away = False

    async def visitors(self, name: str, days: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(days)
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("away")
        return {"2026-02-07": 5, "2026-02-02": 2, "2026-02-01": 1}


async def test_pages_that_ask_again_read_former_days_once_and_today_each_time(redis_url: str) -> None:
    client, former = connect(f"{redis_url}/13"), Former()
    await client.flushdb()
    visitors = DistinctVisitors(Store(client), former, ZoneInfo("UTC"))
    key = f"{base_of(topics.VIEWS.name, views_partition('a'))}visitors:2026-02-08:a"

    both = await asyncio.gather(*(visitors.count("a", PUBLISHED, NOW) for _ in range(2)))
    await client.pfadd(key, "one", "two")
    later = await visitors.count("a", PUBLISHED, NOW)
    young = await visitors.count("a", NOW, NOW)
    former.is_away = True
    unknown = await visitors.count("b", PUBLISHED, NOW)
    await client.flushdb()
    await client.aclose()

    assert both == [{"24h": 5, "7d": 8, "30d": 8}] * 2
    assert later == {"24h": 7, "7d": 10, "30d": 10}
    assert young == {"24h": 2, "7d": 2, "30d": 2}
    assert unknown is None
    assert former.asked == [[f"2026-02-{day:02}" for day in range(7, 0, -1)]] * 2
