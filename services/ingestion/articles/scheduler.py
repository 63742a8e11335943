"""Publishes scheduled articles when they are due. Every process of the service runs one.

No process owns an article: each publishes what it finds due, by the code path of a publication by hand, and the version
guard lets one of them win. The others notice that the schedule is gone. So nothing waits for the end of a dead process's
claim. Two processes seldom meet: each waits for a short random time, and takes late articles in an order of its own.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from services.ingestion.articles import changes, rules
from services.ingestion.articles.acts import Origin
from services.ingestion.articles.changes import ChangeRequest
from services.ingestion.articles.metrics import SCHEDULED_LATE, SCHEDULED_OVERDUE, SCHEDULED_RACES
from services.ingestion.articles.rules import Article, Schedule
from services.ingestion.articles.schedule_rules import (
    OVERDUE_AFTER,
    RETRY_AFTER,
    ScheduleEntry,
    describe_refusal,
    is_due,
    wait_s,
)
from services.ingestion.articles.store import ArticleStore
from shared.errors import InvalidMessage, Problem, Unavailable
from shared.process.process import start_task, stop_task
from shared.times import Clock, now

_log = structlog.get_logger(__name__)

# One look-up in so many seconds, also with nothing scheduled. It finds the articles that are due before the next one.
LOOK_EVERY_S = 1.0
# At most so many publications at the same time: more only wait for each other in MongoDB.
_AT_ONCE = 4
# A killed process may leave a transaction open, which blocks its article until the successor aborts it. The others go on.
_TRANSACTION_S = 0.3
# Attempts while others change the article between our read and our commit.
_TRIES = 5
_STALE = 412
# The random wait before an article that is on time. A publication takes some 10 ms: the other processes then see it.
_STAGGER_S = 0.1
_ON_TIME = timedelta(seconds=0.2)


@asynccontextmanager
async def scheduling(store: ArticleStore) -> AsyncIterator[None]:
    """Publish due articles for the length of a block."""
    task = start_task(Scheduler(store).run(), "scheduler")
    try:
        yield
    finally:
        await stop_task(task)


class Scheduler:
    """Publishes due articles; `run` until cancelled. `clock` is the wall clock, which may step in either direction."""

    def __init__(self, store: ArticleStore, clock: Clock = now) -> None:
        self._store = store
        self._clock = clock
        self._has_overdue = False

    async def run(self) -> None:
        """Look for due articles and publish them."""
        while True:
            next_look = monotonic() + LOOK_EVERY_S
            try:
                await self.turn(next_look)
            except Unavailable as error:
                _log.warning("scheduler.waits", reason=str(error))
            await asyncio.sleep(max(0.0, next_look - monotonic()))

    async def turn(self, next_look: float) -> None:
        """Publish the articles that are due before `next_look`, a monotonic time, each at its time. Raises Unavailable."""
        entries = await self._store.schedule.due(self._clock() + timedelta(seconds=LOOK_EVERY_S))
        if entries or self._has_overdue:
            overdue = await self._store.schedule.count_overdue(self._clock() - OVERDUE_AFTER)
            SCHEDULED_OVERDUE.set(overdue)
            self._has_overdue = overdue > 0
        queue = iter(sorted(entries, key=partial(_place, late_before=self._clock() - _ON_TIME)))
        await asyncio.gather(*(self._work(queue, next_look) for _ in range(_AT_ONCE)))

    async def _work(self, queue: Iterator[ScheduleEntry], next_look: float) -> None:
        for entry in queue:
            await asyncio.sleep(wait_s([entry], self._clock(), max(0.0, next_look - monotonic())))
            if self._clock() - entry.due_at < _ON_TIME:
                await asyncio.sleep(random.uniform(0, _STAGGER_S))
            try:
                await self._publish(entry)
            except Unavailable as error:
                # Whether it was published is unknown. The next look sees it.
                _log.info("scheduler.waits", reason=str(error), article=entry.article_id)

    async def _publish(self, entry: ScheduleEntry) -> None:
        for _ in range(_TRIES):
            article = await self._store.find(entry.article_id)
            at = self._clock()
            if article is None or article.schedule is None or not is_due(article.schedule, at):
                return
            try:
                is_done = await self._attempt(article, article.schedule, at)
            except (Problem, InvalidMessage) as refusal:
                await self._postpone(entry, describe_refusal(refusal))
                return
            if is_done:
                return

    async def _attempt(self, article: Article, schedule: Schedule, at: datetime) -> bool:
        """Publish the article as read; False when another change of it was committed first."""
        origin = Origin(schedule.by.id, schedule.by.name, "schedule", "local")
        request = ChangeRequest(schedule.by, at, None, origin, _TRANSACTION_S)
        try:
            await changes.apply(self._store, request, "publish", article, partial(rules.publish, at=at), None)
        except Problem as problem:
            if problem.status != _STALE:
                raise
            SCHEDULED_RACES.inc()
            return False
        late_s = max(0.0, (self._clock() - schedule.at).total_seconds())
        SCHEDULED_LATE.observe(late_s)
        _log.info("scheduler.published", article=article.id, late_s=round(late_s, 3))
        return True

    async def _postpone(self, entry: ScheduleEntry, reason: str) -> None:
        _log.warning("scheduler.refused", article=entry.article_id, reason=reason)
        self._has_overdue = True
        await self._store.schedule.postpone(entry, self._clock() + RETRY_AFTER, reason)


def _place(entry: ScheduleEntry, late_before: datetime) -> tuple[datetime, float]:
    """The place in the queue: late entries first, in random order, then the others by time."""
    return max(entry.due_at, late_before), random.random()
