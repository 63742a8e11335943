"""Batches views by partition for a few milliseconds, and answers each when Kafka has acknowledged its batch."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

import structlog

from services.popularity import metrics
from services.popularity.views.claims import Claims, OutgoingView
from shared import topics
from shared.errors import Problem, Unavailable
from shared.kafka.producer import Producer

_log = structlog.get_logger(__name__)

# Collect for this long, or until a batch is worth sending at once.
_COLLECT_S = 0.003
_ENOUGH = 32
_MOST_WAITING = 4_096
_MOST_VIEWS_A_BATCH = 1_000
# Browsers give up earlier. A retry carries the same event id.
ACKNOWLEDGED_WITHIN_S = 5.0
_PAUSE_AFTER_FAILURE_S = 0.25
_WATCH_EVERY_S = 0.25

Waiting = tuple[OutgoingView, "asyncio.Future[None]", float]


class ViewBatcher:
    """One queue and one sender for each partition: a batch is sent while the next one is collected."""

    def __init__(self, producer: Producer, claims: Claims) -> None:
        self._waiting = 0
        self._lanes = [_Lane(producer, claims, partition) for partition in range(topics.VIEWS.partitions)]

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())
            group.create_task(self._watch())

    async def accept(self, view: OutgoingView, partition: int) -> None:
        """Return when Kafka has the view. Raises a Problem (503) after the time limit, or when too many wait.

        After a 503 the view may still reach Kafka: a retry carries the same event id.
        """
        if self._waiting >= _MOST_WAITING:
            metrics.VIEWS_REFUSED.labels("full").inc()
            raise Problem(503, "Too many views wait; try again.", headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            await self._lanes[partition].put(view)
        except Unavailable as error:
            metrics.VIEWS_REFUSED.labels("kafka").inc()
            raise Problem(503, "The view could not be recorded; try again.", headers={"Retry-After": "2"}) from error
        finally:
            self._waiting -= 1

    async def _watch(self) -> None:
        # One clock for all views: a time-out for each would cost more than the view.
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            metrics.VIEWS_WAITING.set(self._waiting)
            for lane in self._lanes:
                lane.fail_late(monotonic() - ACKNOWLEDGED_WITHIN_S)


class _Lane:
    """The views of one partition."""

    def __init__(self, producer: Producer, claims: Claims, partition: int) -> None:
        self._producer = producer
        self._claims = claims
        self._partition = partition
        self._waiting: list[Waiting] = []
        self._in_flight: list[Waiting] = []
        self._filled = asyncio.Event()
        self._enough = asyncio.Event()

    def put(self, view: OutgoingView) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((view, done, monotonic()))
        self._filled.set()
        if len(self._waiting) >= _ENOUGH:
            self._enough.set()
        return done

    async def run(self) -> None:
        while True:
            await self._filled.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(_COLLECT_S):
                    await self._enough.wait()
            taken, self._waiting = self._waiting[:_MOST_VIEWS_A_BATCH], self._waiting[_MOST_VIEWS_A_BATCH:]
            if not self._waiting:
                self._filled.clear()
            if len(self._waiting) < _ENOUGH:
                self._enough.clear()
            self._in_flight = [waiting for waiting in taken if not waiting[1].done()]
            await self._claims.claim([view for view, _, _ in self._in_flight])
            await self._send(self._in_flight)

    def fail_late(self, before: float) -> None:
        """Fail the views that have waited since `before`. Kafka may or may not have them."""
        late = Unavailable(f"Kafka has not acknowledged the view within {ACKNOWLEDGED_WITHIN_S:g} s")
        _answer([waiting for waiting in (*self._in_flight, *self._waiting) if waiting[2] < before], late)

    async def _send(self, taken: Sequence[Waiting]) -> None:
        while taken:
            try:
                sent = await self._producer.send_batch(
                    topics.VIEWS.name, self._partition, [view.message for view, _, _ in taken]
                )
            except Unavailable as error:
                _log.warning("views.not_sent", partition=self._partition, count=len(taken), reason=str(error))
                # Before the answer: a retry claims the view again.
                await self._claims.release([view for view, _, _ in taken])
                _answer(taken, error)
                await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)
                return
            metrics.BATCH_VIEWS.observe(sent)
            metrics.VIEWS_ACCEPTED.inc(sent)
            _count_dropped(taken[:sent])
            _answer(taken[:sent], None)
            taken = taken[sent:]


def _count_dropped(sent: Sequence[Waiting]) -> None:
    for view, _, _ in sent:
        if view.dropped is not None:
            metrics.VIEWS_DROPPED.labels(view.dropped).inc()


def _answer(taken: Sequence[Waiting], error: Unavailable | None) -> None:
    for _, done, _ in taken:
        with suppress(asyncio.InvalidStateError):  # the reader has disconnected
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
