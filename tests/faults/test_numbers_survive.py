"""Numbers equal an exact recount of the log, whichever process is killed: views, hours, referrers, visitors, rankings."""

import asyncio
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.site.site import SHIPPED, load_site
from tests.support.faults import (
    check_counts,
    kill_repeatedly,
    publish_articles,
    report,
    sending_views,
    until_ready,
)
from tests.support.ledger import History
from tests.support.polling import eventually
from tests.support.recount import Recount, differences, is_near, recount
from tests.support.running import Platform, running_platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

_HALF_LIFE_S = 21_600.0
_VIEWS = float(os.environ.get("WM_FAULT_VIEWS", "100000"))
_RATE = 800.0
# Zones whose midnight is not at a full hour of UTC.
_BETWEEN = (
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Kabul",
    "Asia/Yangon",
    "Australia/Darwin",
    "Pacific/Marquesas",
)


async def test_numbers_equal_a_recount_while_processes_are_killed(
    platform: Platform, fault_seconds: float, tmp_path: Path
) -> None:
    articles = await publish_articles(platform, 6, "Numbers under faults")
    victims = [("popularity-counter", 1), ("redis", 1), ("popularity-counter", 2), ("popularity", 1)]

    seconds = max(fault_seconds, 16.0)

    async with sending_views(platform, articles, tmp_path / "ledger", seconds):
        recoveries = await kill_repeatedly(platform, victims, seconds=seconds, every_s=4)

    history = await _check_numbers(platform, tmp_path / "ledger", articles, load_site(None).zone)
    report("numbers recounted", history, recoveries)


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_many_views_over_midnight_are_counted_to_the_unit(tmp_path: Path) -> None:
    """`WM_FAULT_VIEWS` views (a million by night, on Apache Kafka) while the newsroom's day changes, three counters are killed
    every two to eight seconds, one of them sleeps past its session, and Redis comes back older."""
    zone, midnight_in_s = _next_midnight(time.time(), at_least_s=_VIEWS / _RATE / 3)
    site = tmp_path / "site.toml"
    site.write_text(re.sub(r'time_zone = ".*"', f'time_zone = "{zone.key}"', SHIPPED.read_text()))
    seconds = max(_VIEWS / _RATE, midnight_in_s + 30)
    victims = [("popularity-counter", 1), ("popularity-counter", 2), ("popularity", 1), ("popularity-counter", 3)]
    chance = random.Random(7)

    async with running_platform(
        tmp_path / "data", SCALE="popularity=2,popularity-counter=3", SITE=str(site)
    ) as platform:
        articles = await publish_articles(platform, 50, "A million views")
        async with sending_views(
            platform, articles, tmp_path / "ledger", seconds, rate=_VIEWS / seconds, at_once=128
        ) as sender:
            await _suspend(platform)
            await _set_redis_back(platform, tmp_path / "older")
            recoveries = []
            while sender.poll() is None:
                recoveries += await kill_repeatedly(platform, victims, seconds=10, every_s=chance.uniform(2, 8))
        history = await _check_numbers(platform, tmp_path / "ledger", articles, zone)
    report(f"{zone.key}, midnight after {midnight_in_s:.0f} s", history, recoveries)


def _next_midnight(now_s: float, *, at_least_s: float) -> tuple[ZoneInfo, float]:
    """The time zone in which midnight is next, but not before `at_least_s`, and the seconds until then."""
    found = []
    for name in ("Etc/GMT+12", *(f"Etc/GMT{offset:+d}" for offset in range(-14, 12)), *_BETWEEN):
        local = datetime.fromtimestamp(now_s, ZoneInfo(name))
        left_s = 86_400 - (local.hour * 3600 + local.minute * 60 + local.second)
        if left_s >= at_least_s:
            found.append((left_s, name))
    left_s, name = min(found)
    return ZoneInfo(name), left_s


async def _suspend(platform: Platform) -> None:
    platform.signal("popularity-counter", signal.SIGSTOP)
    await asyncio.sleep(12)  # longer than the session: the others take over its partitions
    platform.signal("popularity-counter", signal.SIGCONT)


async def _set_redis_back(platform: Platform, older: Path) -> None:
    folder = platform.data / "redis"
    await asyncio.to_thread(shutil.copytree, folder, older)
    await asyncio.sleep(5)
    killed = platform.signal("redis", signal.SIGSTOP)
    await asyncio.to_thread(shutil.rmtree, folder)
    await asyncio.to_thread(shutil.copytree, older, folder)
    platform.signal("redis", signal.SIGKILL)
    await until_ready(platform, "redis", 1, other_than=killed)


async def _check_numbers(platform: Platform, ledger: Path, articles: Sequence[str], zone: ZoneInfo) -> History:
    history = await check_counts(platform, ledger, articles)
    kafka = os.environ.get("WM_KAFKA") or str(platform.processes("kafka")[0]["url"])
    exact = await recount(kafka, zone)
    found: list[str] = []

    async def are_equal() -> bool:
        nonlocal found
        found = await _differences(platform, exact, articles)
        return not found

    await eventually(are_equal, what=lambda: f"the numbers equal a recount of the log: {found}")
    return history


async def _differences(platform: Platform, exact: Recount, articles: Sequence[str]) -> list[str]:
    views = {article: await platform.views(article) for article in articles}
    found = differences(views, {article: exact.views[article] for article in articles})
    for article in articles:
        found += await _differences_of(platform, exact, article)
    order = [str(item["article_id"]) for item in await _items(platform, "/v1/popular?window=trending&limit=100")]
    return found + _out_of_order(exact, [article for article in order if article in articles], articles)


def _out_of_order(exact: Recount, shown: Sequence[str], articles: Sequence[str]) -> list[str]:
    """Articles that are missing in a ranking, or stand behind one with a lower score. 5 %: smaller changes are not published."""
    now_s = time.time()
    scores = {article: exact.trend(article, _HALF_LIFE_S, now_s) for article in articles}
    found = [f"{article} is not trending" for article in set(articles) - set(shown)]
    found += [
        f"{first} trends before {second}" for first, second in pairwise(shown) if scores[first] < 0.95 * scores[second]
    ]
    return found


async def _differences_of(platform: Platform, exact: Recount, article: str) -> list[str]:
    path = f"/v1/numbers?article_id={article}"
    hours = {
        str(_minute(str(item["key"]))): int(str(item["views"])) for item in await _items(platform, f"{path}&by=hour")
    }
    kinds = {str(item["key"]): int(str(item["views"])) for item in await _items(platform, f"{path}&by=referrer")}
    found = differences(
        {hour: views for hour, views in hours.items() if views},
        {str(hour): views for (name, hour), views in exact.hours.items() if name == article},
    )
    found += differences(
        {kind: views for kind, views in kinds.items() if views},
        {kind: views for (name, kind), views in exact.referrers.items() if name == article},
    )
    days = await _items(platform, f"{path}&by=day")
    visitors = sum(int(str(item["visitors"] or 0)) for item in days)
    if not is_near(visitors, exact.all_visitors(article)):
        found.append(f"{article}: {exact.all_visitors(article)} visitors in the log, {visitors} shown")
    return found


def _minute(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) // 60


async def _items(platform: Platform, path: str) -> list[dict[str, object]]:
    async with platform.http.get(platform.edge + path, headers=platform.editor) as answer:
        assert answer.status == 200, await answer.text()
        return list((await answer.json())["items"])
