"""A scheduled article is published once and in time, whichever process of ingestion is killed."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle

import aiohttp
import pytest

from services.ingestion.articles.schedule_rules import due_by
from services.ingestion.articles.schedule_store import ScheduleStore
from shared.errors import Unavailable
from shared.mongo.client import Mongo
from shared.times import now, rfc3339
from tests.support.faults import report, until_ready
from tests.support.outbox import read_log
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(900)]

LATE_S = 2.0
AT_ONCE = 8
# The embedded MongoDB needs 40 ms for a look at a thousand late articles: ten looks a second would make them later.
LOOK_EVERY_S = 0.5
# A machine on which a read takes longer gets no more time: the lateness would be our fault.
SLOWEST_S = 5.0
# A recovery takes longer on a busy machine, and so does the other process's work.
USUAL_RECOVERY_S = 1.5


@dataclass(frozen=True)
class Outage:
    """A process was killed, and its successor was ready."""

    killed_at: datetime
    ready_at: datetime


@dataclass
class Observer:
    """Watches the collection of scheduled articles from outside the service: when was each still due and not published?

    `clear_at`: the last look, if nothing was due then. `slowest_s`: the longest time of a look with an ordinary read at the
    edge: on a busy machine everything is late by so much.
    """

    platform: Platform
    last_seen: dict[str, datetime] = field(default_factory=dict)
    clear_at: datetime | None = None
    slowest_s: float = 0.0

    async def watch(self) -> None:
        """Look for due entries until cancelled."""
        mongo = Mongo(str(self.platform.facts()["mongo"]))
        schedule = ScheduleStore(mongo.database("ingestion"))
        read_at = float("-inf")
        while True:
            started = time.monotonic()
            try:
                looked_at = now()
                entries = due_by(await schedule.planned(looked_at), looked_at)
                self.last_seen |= {entry.article_id: looked_at for entry in entries}
                self.clear_at = None if entries else looked_at
            except Unavailable:
                self.clear_at = None  # the next look decides
            # A list costs more while many articles change. Once a second it shows how busy the machine is, and adds little.
            if started - read_at >= 1:
                read_at = started
                await self._note_time_of_a_read()
            await asyncio.sleep(LOOK_EVERY_S)
            self.slowest_s = max(self.slowest_s, time.monotonic() - started - LOOK_EVERY_S)

    async def _note_time_of_a_read(self) -> None:
        try:
            async with self.platform.http.get(
                f"{self.platform.edge}/v1/articles?limit=1", headers=self.platform.editor
            ) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return


@asynccontextmanager
async def observing(platform: Platform) -> AsyncIterator[Observer]:
    """Observe during the block."""
    observer = Observer(platform)
    task = asyncio.create_task(observer.watch())
    yield observer
    task.cancel()
    await asyncio.wait([task])


async def _kill_ingestions(platform: Platform, until: datetime, every_s: float) -> list[Outage]:
    """Kill one of the two processes after the other, each when both are ready."""
    outages: list[Outage] = []
    for instance in cycle((1, 2)):
        if now() >= until:
            return outages
        killed_at = now()
        killed = platform.signal("ingestion", signal.SIGKILL, instance)
        await until_ready(platform, "ingestion", instance, other_than=killed)
        outages.append(Outage(killed_at, now()))
        await asyncio.sleep(max(0.0, every_s - (outages[-1].ready_at - killed_at).total_seconds()))
    raise AssertionError("the cycle never ends")


async def _drafts(platform: Platform, count: int) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    numbers = iter(range(count))

    async def make() -> None:
        for number in numbers:
            article = {"headline": f"Scheduled story {number}", "section": "world", "body_markdown": "It is time."}
            made.append(await platform.post("/v1/articles", article, wanted=201))

    await asyncio.gather(*(make() for _ in range(AT_ONCE)))
    return made


async def _schedule(
    platform: Platform, drafts: Sequence[Mapping[str, object]], begin: datetime, seconds: float
) -> dict[str, datetime]:
    """Schedule the drafts evenly over `seconds` from `begin`. Returns the times."""
    step = timedelta(seconds=seconds / len(drafts))
    due = {str(draft["id"]): begin + step * number for number, draft in enumerate(drafts)}
    left = iter(drafts)

    async def set_times() -> None:
        for draft in left:
            await platform.act(draft, "schedule", {"publish_at": rfc3339(due[str(draft["id"])])})

    await asyncio.gather(*(set_times() for _ in range(AT_ONCE)))
    return due


def _late_s(due: datetime, seen: datetime | None, outages: Sequence[Outage]) -> float:
    """How long after its time, or after the recovery from a fault in between, an article may have been not published."""
    if seen is None:
        return 0.0
    recovered = [fault.ready_at for fault in outages if fault.killed_at <= seen and fault.ready_at >= due]
    return max(0.0, (seen - max([due, *recovered])).total_seconds() + LOOK_EVERY_S)


async def _check_published_once(platform: Platform, articles: Sequence[str]) -> None:
    left = iter(articles)

    async def check() -> None:
        for article_id in left:
            path = f"{platform.edge}/v1/articles/{article_id}/revisions"
            async with platform.http.get(path, headers=platform.editor) as answer:
                actions = [item["action"] for item in (await answer.json())["items"]]
            assert actions == ["publish", "schedule", "create"], f"{article_id}: {actions}"

    await asyncio.gather(*(check() for _ in range(AT_ONCE)))

    async def all_in_the_log() -> bool:
        log = await read_log(str(platform.facts()["kafka"]), list(articles))
        return all(set(versions) == {3} for versions in log.values()) and len(log) == len(articles)

    await eventually(all_in_the_log, what="every article is in the log, in its one public version")


async def _check_schedules_survive(platform: Platform, count: int, seconds: float, every_s: float) -> None:
    started = time.monotonic()
    drafts = await _drafts(platform, count)
    # To schedule them takes about as long as to make them.
    begin = now() + timedelta(seconds=3 * (time.monotonic() - started) + 3)
    due = await _schedule(platform, drafts, begin, seconds)
    assert now() < begin, "the machine is too slow to schedule the articles before the first is due"
    end = begin + timedelta(seconds=seconds)

    async with observing(platform) as observer:
        await asyncio.sleep(max(0.0, (begin - now()).total_seconds() - 1))
        outages = await _kill_ingestions(platform, end, every_s)

        async def all_published() -> bool:
            return observer.clear_at is not None and observer.clear_at > end

        await eventually(all_published, what=lambda: f"nothing is due any more\n{platform.output()}")

    await _check_published_once(platform, list(due))
    late = sorted(_late_s(due[one], observer.last_seen.get(one), outages) for one in due)
    plain = sorted(_late_s(due[one], observer.last_seen.get(one), ()) for one in due)
    recoveries = [(fault.ready_at - fault.killed_at).total_seconds() for fault in outages]
    report(
        f"{count} scheduled in {seconds:.0f} s while ingestion is killed: each published once; after its time: median "
        f"{plain[count // 2]:.1f} s, p99 {plain[int(count * 0.99)]:.1f} s, worst {plain[-1]:.1f} s; "
        f"beyond recovery: worst {late[-1]:.1f} s; slowest read {observer.slowest_s:.1f} s",
        None,
        recoveries,
    )
    assert len(outages) >= 2, "too few faults, so the test proves nothing"
    slowness_s = max(observer.slowest_s, max(recoveries) - USUAL_RECOVERY_S)
    assert late[-1] < LATE_S + 2 * min(slowness_s, SLOWEST_S)


async def test_scheduled_articles_are_published_once_and_in_time_while_ingestion_is_killed(
    platform: Platform, fault_seconds: float
) -> None:
    if fault_seconds >= 60:
        await _check_schedules_survive(platform, 1000, 60, every_s=4)
    else:
        await _check_schedules_survive(platform, 30, 10, every_s=3)
