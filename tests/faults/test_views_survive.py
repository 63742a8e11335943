"""Promise 2: each acknowledged view counts exactly once in effect, whichever process is killed."""

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.faults import (
    RECOVERY_BAR_S,
    VIEWS_PER_S,
    check_counts,
    kill_repeatedly,
    publish_articles,
    report,
    sending_views,
)
from tests.support.ledger import Ledger, send_views
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]


# By day: test_numbers_survive.py.
@pytest.mark.long
async def test_views_are_counted_once_while_counters_and_apis_are_killed(
    platform: Platform, fault_seconds: float, tmp_path: Path
) -> None:
    articles = await publish_articles(platform, 8, "Killed counters")
    victims = [("popularity-counter", 1), ("popularity", 1), ("popularity-counter", 2), ("popularity", 2)]

    async with sending_views(platform, articles, tmp_path / "ledger", fault_seconds):
        recoveries = await kill_repeatedly(platform, victims, seconds=fault_seconds, every_s=3)

    history = await check_counts(platform, tmp_path / "ledger", articles)
    report("popularity killed", history, recoveries)
    assert max(recoveries) < RECOVERY_BAR_S


# By day: tests/contract/shared/test_rebalances.py.
@pytest.mark.long
async def test_counter_paused_past_its_session_counts_nothing_twice(platform: Platform, tmp_path: Path) -> None:
    articles = await publish_articles(platform, 4, "Sleeping counter")

    async with sending_views(platform, articles, tmp_path / "ledger", 12):
        await eventually(lambda: platform.views(articles[0]), what="the first views are counted")
        platform.signal("popularity-counter", signal.SIGSTOP)
        await asyncio.sleep(9)  # longer than the session, so that the other counter takes over the partitions
        platform.signal("popularity-counter", signal.SIGCONT)

    report("counter stopped for 9 s", await check_counts(platform, tmp_path / "ledger", articles), [])


# By day: test_numbers_survive.py.
@pytest.mark.long
async def test_views_are_counted_once_while_redis_is_killed(
    platform: Platform, fault_seconds: float, tmp_path: Path
) -> None:
    articles = await publish_articles(platform, 4, "Killed Redis")

    async with sending_views(platform, articles, tmp_path / "ledger", fault_seconds):
        recoveries = await kill_repeatedly(platform, [("redis", 1)], seconds=fault_seconds / 2, every_s=4)

    report("Redis killed", await check_counts(platform, tmp_path / "ledger", articles), recoveries)


# By day: tests/integration/popularity/test_logs_and_redis_come_and_go.py.
@pytest.mark.long
async def test_views_are_counted_once_after_redis_returns_older_data(platform: Platform, tmp_path: Path) -> None:
    articles = await publish_articles(platform, 4, "Older Redis")
    folder = platform.data / "redis"
    async with sending_views(platform, articles, tmp_path / "ledger", 3):
        pass
    await check_counts(platform, tmp_path / "ledger", articles)
    await asyncio.to_thread(shutil.copytree, folder, tmp_path / "older")
    async with sending_views(platform, articles, tmp_path / "ledger", 3):
        pass
    await check_counts(platform, tmp_path / "ledger", articles)

    killed = platform.signal("redis", signal.SIGSTOP)
    await asyncio.to_thread(_put_back, tmp_path / "older", folder)
    platform.signal("redis", signal.SIGKILL)
    await _until_replaced(platform, "redis", killed)

    report("Redis set back", await check_counts(platform, tmp_path / "ledger", articles), [])


def _put_back(older: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(older, folder)


async def test_views_sent_to_an_emptied_broker_add_to_the_earlier_ones(
    platform: Platform, fault_seconds: float, tmp_path: Path
) -> None:
    articles = await publish_articles(platform, 4, "Emptied broker")
    async with sending_views(platform, articles, tmp_path / "ledger", 3):
        pass
    await check_counts(platform, tmp_path / "ledger", articles)
    if not platform.processes("kafka"):
        pytest.skip("the broker does not belong to the platform, and keeps its log")

    for _ in range(1 if fault_seconds < 60 else 3):
        killed = platform.signal("kafka", signal.SIGKILL)
        await send_views(platform.edge, articles, Ledger(tmp_path / "ledger"), rate=VIEWS_PER_S, seconds=3, seed=killed)
        await _until_replaced(platform, "kafka", killed)
        history = await check_counts(platform, tmp_path / "ledger", articles)

    report("broker emptied", history, [])


async def _until_replaced(platform: Platform, name: str, killed: int) -> None:
    async def replaced() -> bool:
        return platform.processes(name)[0]["pid"] != killed

    await eventually(replaced, what=lambda: f"{name} started again\n{platform.output()}")
