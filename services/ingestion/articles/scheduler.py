"""Publishes scheduled articles when they are due. Every process of the service runs one.

The processes take turns: one of them publishes, and keeps its turn while something is due; the others take it when it has
ended. The turn saves work and guards nothing: two processes with the same article conflict in MongoDB, or the version guard
lets one of them win. What is due at the same moment is published in one transaction, by the code of a publication by hand.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from services.ingestion.articles import changes, rules
from services.ingestion.articles.acts import Origin
from services.ingestion.articles.changes import ChangeRequest
from services.ingestion.articles.commits import Commit, grouped
from services.ingestion.articles.metrics import SCHEDULED_LATE, SCHEDULED_OVERDUE, SCHEDULED_RACES
from services.ingestion.articles.rules import Article
from services.ingestion.articles.schedule_rules import (
    RETRY_AFTER,
    ScheduleEntry,
    count_overdue,
    describe_refusal,
    due_by,
    is_due,
    wait_s,
)
from services.ingestion.articles.store import ArticleStore, Stale
from shared.errors import Conflict, InvalidMessage, Problem, Unavailable
from shared.ids import new_id
from shared.process.process import start_task, stop_task
from shared.times import Clock, now

_log = structlog.get_logger(__name__)

# One look-up in so many seconds, also with nothing scheduled. It finds the articles that are due before the next one.
LOOK_EVERY_S = 1.0
# So much longer it goes on with late articles before it looks again.
_CATCH_UP_S = 2.0
# The others wait so long after the last sign of the process that publishes. It renews its turn between transactions.
_TURN = timedelta(seconds=1.5)
_RENEW_S = 0.3
# Articles in one transaction. A transaction of 16 takes a fifth of the time of 16 transactions; more gain little.
_AT_ONCE = 16
_LONGEST_TEXTS = 1_000_000
# Attempts while others change the articles between our read and our commit.
_TRIES = 5


@asynccontextmanager
async def scheduling(store: ArticleStore, process: str | None = None) -> AsyncIterator[None]:
    """Publish due articles for the length of a block. A successor with the same name of its `process` takes its turn at once."""
    task = start_task(Scheduler(store, process or new_id()).run(), "scheduler")
    try:
        yield
    finally:
        await stop_task(task)


class Scheduler:
    """Publishes due articles; `run` until cancelled. `clock` is the wall clock, which may step in either direction."""

    def __init__(self, store: ArticleStore, process: str, clock: Clock = now) -> None:
        self._store = store
        self._process = process
        self._clock = clock
        self._renewed_at = float("-inf")
        self._waits_for_turn = False
        # Articles that could not be committed at the last look: the others go first.
        self._blocked: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Look for due articles and publish them."""
        while True:
            next_look = monotonic() + LOOK_EVERY_S
            try:
                wait = await self.look(next_look)
            except Unavailable as error:
                _log.warning("scheduler.waits", reason=str(error))
                wait = LOOK_EVERY_S
            await asyncio.sleep(min(wait, max(0.0, next_look - monotonic())))

    async def look(self, next_look: float) -> float:
        """Publish the articles that are due before `next_look`, a monotonic time, each at its time.

        Late ones may take longer: to look again costs the more, the more of them there are. Returns the seconds until the turn
        of another process ends; LOOK_EVERY_S when there is none. Raises Unavailable.
        """
        if self._waits_for_turn and (other_s := await self._wait_for_turn()) > 0:
            return other_s
        planned = await self._store.schedule.planned(self._clock() + timedelta(seconds=LOOK_EVERY_S))
        SCHEDULED_OVERDUE.set(count_overdue(planned, self._clock()))
        due = due_by(planned, self._clock() + timedelta(seconds=LOOK_EVERY_S))
        queue = deque(sorted(due, key=partial(_place, blocked=self._blocked, at=self._clock())))
        self._blocked = frozenset()
        last_look = next_look + _CATCH_UP_S
        while queue and monotonic() < (last_look if queue[0].due_at <= self._clock() else next_look):
            await asyncio.sleep(wait_s([queue[0]], self._clock(), max(0.0, next_look - monotonic())))
            entries = _take_due(queue, self._clock())
            if not entries:
                continue
            if (other_s := await self._wait_for_turn()) > 0:
                return other_s
            await self._publish(entries)
        return LOOK_EVERY_S

    async def _wait_for_turn(self) -> float:
        """Seconds until another process's turn ends; 0 when the turn is ours."""
        if monotonic() - self._renewed_at < _RENEW_S:
            return 0.0
        asked_at, at = monotonic(), self._clock()
        other_until = await self._store.schedule.take_turn(self._process, at, at + _TURN)
        self._waits_for_turn = other_until is not None
        if other_until is None:
            self._renewed_at = asked_at
            return 0.0
        return max(0.01, (other_until - at).total_seconds())

    async def _publish(self, entries: Sequence[ScheduleEntry], tries: int = _TRIES) -> None:
        """Publish entries. Those that were changed between our read and our commit are read again."""
        by_id = {entry.article_id: entry for entry in entries}
        at = self._clock()
        ready = [
            commit
            for article in await self._store.find_all(list(by_id))
            if (commit := await self._prepare(by_id[article.id], article, at)) is not None
        ]
        stale: list[ScheduleEntry] = []
        for group in grouped(ready, _AT_ONCE, _LONGEST_TEXTS):
            stale += [by_id[commit.change.after.id] for commit in await self._commit(group)]
        if stale and tries > 1:
            await self._publish(stale, tries - 1)

    async def _prepare(self, entry: ScheduleEntry, article: Article, at: datetime) -> Commit | None:
        """The publication of an article; None when it is not due, or cannot be published."""
        schedule = article.schedule
        if schedule is None or not is_due(schedule, at):
            return None
        request = ChangeRequest(schedule.by, at, None, Origin(schedule.by.id, schedule.by.name, "schedule", "local"))
        try:
            return await changes.prepare(self._store, request, "publish", article, partial(rules.publish, at=at), None)
        except (Problem, InvalidMessage) as refusal:
            await self._postpone(entry, describe_refusal(refusal))
        except Unavailable as error:
            # Perhaps only its pictures cannot be looked up. The others do not wait.
            _log.info("scheduler.waits", reason=str(error), article=article.id)
            self._blocked |= {article.id}
        return None

    async def _commit(self, commits: Sequence[Commit]) -> Sequence[Commit]:
        """Commit in one transaction. Returns those of a group of which some were published or changed by others.

        When another transaction has one of the articles, each half is committed by itself: the rest does not wait.
        """
        try:
            await changes.commit(self._store, commits, within_s=0)
        except Stale:
            SCHEDULED_RACES.inc()
            return commits
        except Conflict:
            SCHEDULED_RACES.inc()
            if len(commits) == 1:
                self._blocked |= {commits[0].change.after.id}
                return ()
            half = len(commits) // 2
            return [*await self._commit(commits[:half]), *await self._commit(commits[half:])]
        for commit in commits:
            self._report(commit)
        return ()

    def _report(self, commit: Commit) -> None:
        before = commit.change.before
        assert before is not None
        assert before.schedule is not None
        late_s = max(0.0, (self._clock() - before.schedule.at).total_seconds())
        SCHEDULED_LATE.observe(late_s)
        _log.info("scheduler.published", article=before.id, late_s=round(late_s, 3))

    async def _postpone(self, entry: ScheduleEntry, reason: str) -> None:
        _log.warning("scheduler.refused", article=entry.article_id, reason=reason)
        await self._store.schedule.postpone(entry, self._clock() + RETRY_AFTER, reason)


def _place(entry: ScheduleEntry, blocked: frozenset[str], at: datetime) -> datetime:
    """The place in the queue: by time, but blocked articles behind all others that are late."""
    return max(entry.due_at, at) if entry.article_id in blocked else entry.due_at


def _take_due(queue: deque[ScheduleEntry], at: datetime) -> list[ScheduleEntry]:
    """Take the first entries from the queue that are due, at most _AT_ONCE."""
    taken: list[ScheduleEntry] = []
    while queue and len(taken) < _AT_ONCE and queue[0].due_at <= at:
        taken.append(queue.popleft())
    return taken
