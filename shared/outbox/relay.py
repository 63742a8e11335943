"""Relays an outbox to Kafka. One process of a service, the holder of a lease, sends the rows of all of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from shared.errors import Unavailable
from shared.events import Message, encode
from shared.kafka.client import LogIdentity
from shared.kafka.pace import Pace
from shared.kafka.producer import Producer
from shared.mongo.collections import Document, DuplicateKeyError, available, changes
from shared.outbox.late_sends import REPEAT_AFTER, LateSends
from shared.outbox.lease import Lease
from shared.outbox.sent_times import SentTimes
from shared.outbox.store import AggregateEvent, Outbox, SentVersions, message_of, oldest_s, row_of
from shared.process import metrics
from shared.process.process import start_task, stop_task
from shared.settings import Settings
from shared.times import now

_log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=6)
_STANDBY_S = 1.0
_POLL_S = 0.25
# States a send of late sends: as many as a republication reads at once.
_CHUNK = 50
# Change streams wake the relay; this is the longest wait of a row that they missed.
_POLL_AT_REST_S = 1.5

Republish = Callable[[str | None], AsyncIterator[Sequence[AggregateEvent]]]
# Called with rows that Kafka has acknowledged, and the time. Must not wait.
OnSent = Callable[[Sequence[Document], datetime], None]
Latest = Callable[[Iterable[str]], Awaitable[Sequence[AggregateEvent]]]


class Aggregates(Protocol):
    """A store whose aggregates' events are relayed."""

    def events_after(self, aggregate_id: str | None, /) -> AsyncIterator[Sequence[AggregateEvent]]:
        """The newest event of every aggregate behind this one, in chunks, always in the same order."""
        ...

    async def latest_events(self, aggregate_ids: Iterable[str], /) -> Sequence[AggregateEvent]:
        """The newest event of each of these aggregates."""
        ...


@asynccontextmanager
async def relaying(
    settings: Settings, outbox: Outbox, aggregates: Aggregates, sent_times: SentTimes | None = None
) -> AsyncIterator[None]:
    """Relay an outbox for the length of a block. With `sent_times`, record when Kafka acknowledged each event."""
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    identity = LogIdentity(settings.kafka)
    relay = Relay(
        outbox,
        producer,
        identity,
        republish=aggregates.events_after,
        latest=aggregates.latest_events,
        on_sent=None if sent_times is None else sent_times.note,
    )
    writing = nullcontext() if sent_times is None else sent_times.writing()
    task = start_task(relay.run(), "relay")
    try:
        async with writing:
            yield
    finally:
        await stop_task(task)
        await producer.stop()
        with suppress(TimeoutError):
            await identity.close()


@dataclass(frozen=True)
class _Unconfirmed:
    """A send whose lease is not yet confirmed."""

    fence: int
    aggregates: frozenset[str]


class Relay:
    """Sends pending rows, in order, at least once; `run` until cancelled.

    Guarantees: each committed row reaches Kafka, the rows of one aggregate by version. A relay that was paused past the
    end of its lease may send an old row after its successor's newer one. It detects this by the fence and queues the
    newest state for the current holder to send again. It may die before that: so a successor sends the newest states of
    everything its predecessor may have in hand again (LateSends). A compacted log ends with the newest. Consumers drop
    `version <= seen`.

    `republish(after)` yields every aggregate's newest event in chunks, in a fixed order, from behind the aggregate `after`;
    `latest(ids)` returns the newest events of some. A log that replaced the known one (LogIdentity) starts a republication.
    `on_sent` gets the rows of each send that counts.
    """

    def __init__(
        self,
        outbox: Outbox,
        producer: Producer,
        identity: LogIdentity,
        *,
        republish: Republish,
        latest: Latest,
        lease: timedelta = LEASE,
        on_sent: OnSent | None = None,
        repeat_after: timedelta = REPEAT_AFTER,
    ) -> None:
        self._outbox = outbox
        self._producer = producer
        self._identity = identity
        self._republish = republish
        self._latest = latest
        self._on_sent = on_sent
        self._lease = Lease(outbox.control, lease)
        self._late_sends = LateSends(outbox.control, repeat_after)
        self._loaded_fence: int | None = None
        self._unconfirmed: _Unconfirmed | None = None
        self._sent = SentVersions()
        self._sent_from_memory = False
        self._acknowledged_at = now()
        self._log_is_known = self._is_watching = False
        self._pace = Pace(int(_POLL_S * 1000), int(_POLL_AT_REST_S * 1000))

    async def run(self) -> None:
        """Relay while the lease is ours, wait for it otherwise."""
        watcher = start_task(self._watch_inserts(), "outbox watcher")
        try:
            while True:
                try:
                    await self._turn()
                except Unavailable as error:
                    _log.warning("relay.waits", reason=str(error))
                    await asyncio.sleep(_POLL_S)
        finally:
            await stop_task(watcher)
            with suppress(Unavailable):
                await self._lease.release(is_settled=self._unconfirmed is None)

    async def _turn(self) -> None:
        await self._confirm_send()
        if self._lease.fence is None and not await self._lease.take():
            _measure([])
            await asyncio.sleep(_STANDBY_S)
            return
        await self._note_late_sends()
        self._outbox.woken.clear()
        rows = await self._next_rows()
        _measure(rows)
        sent = await self._send_pending(rows)
        await self._check_log()
        sent += await self._republish_chunk()
        await self._repeat_late_sends()
        # After the work, so that new rows do not wait for a renewal.
        await self._lease.renew_when_due()
        if sent:
            self._pace.note_activity()
        else:
            await self._rest()

    async def _rest(self) -> None:
        wait_s = min(self._pace.wait_ms / 1000, self._lease.renew_every_s) if self._is_watching else _POLL_S
        with suppress(TimeoutError):
            await asyncio.wait_for(self._outbox.woken.wait(), wait_s)

    async def _next_rows(self) -> Sequence[Document]:
        """Rows that this process has just committed, from memory; or else, and every second time, the pending rows.

        A row from memory is sent first only when its aggregate's previous event was sent, or there is none.
        """
        fresh = [] if self._sent_from_memory else self._sent.ready(self._outbox.take_committed())
        self._sent_from_memory = bool(fresh)
        return fresh or await self._outbox.pending()

    async def _send_pending(self, rows: Sequence[Document]) -> int:
        if not rows:
            return 0
        # A row queued by a fenced relay may be older than the last one sent: it is only deleted.
        wanted = [row for row in rows if not self._sent.is_outdated(row)]
        if not await self._send([message_of(row) for row in wanted], [row["aggregate"] for row in wanted]):
            return 0
        self._sent.note(wanted)
        if self._on_sent is not None:
            self._on_sent(wanted, self._acknowledged_at)
        async with available("outbox settle"):
            await self._outbox.rows.delete_many({"_id": {"$in": [row["_id"] for row in rows]}})
        metrics.OUTBOX_SENT.inc(len(rows))
        return len(rows)

    async def _send(self, messages: Sequence[Message], aggregates: Iterable[str]) -> bool:
        """Send under the lease; False when the lease was not ours before or after. The effect of a failed send is unknown."""
        fence = self._lease.fence
        if fence is None:
            return False
        self._unconfirmed = _Unconfirmed(fence, frozenset(aggregates))
        await self._producer.send(*messages)
        self._acknowledged_at = now()
        return await self._confirm_send()

    async def _confirm_send(self) -> bool:
        """Whether the lease outlived the last send. If not, we may have sent older state than the new holder has."""
        if self._unconfirmed is None:
            return True
        is_held = await self._lease.confirm(self._unconfirmed.fence)
        if not is_held:
            await self._queue_newest(self._unconfirmed.aggregates)
        self._unconfirmed = None
        return is_held

    async def _queue_newest(self, aggregates: Iterable[str]) -> None:
        """Have the new holder of the lease send the newest events again."""
        newest = {event.id: event for event in await self._latest(aggregates)}
        _log.warning("relay.fenced", aggregates=len(newest))
        while newest:
            for event in newest.values():
                await self._queue(event)
            # A change committed and sent in between would now be followed by an older state.
            again = await self._latest(set(newest))
            newest = {event.id: event for event in again if event.version > newest[event.id].version}

    async def _queue(self, event: AggregateEvent) -> None:
        row = row_of(event, encode(event))
        async with available("outbox requeue"):
            with suppress(DuplicateKeyError):
                await self._outbox.rows.insert_one(row)

    async def _note_late_sends(self) -> None:
        """After a take-over, before the first send: note what the predecessor may have in hand.

        These are pending rows, since a row is deleted only after its send was confirmed, or the next chunk of a republication.
        """
        fence = self._lease.fence
        if fence is None or fence == self._loaded_fence:
            return
        if self._lease.is_predecessor_unsettled:
            aggregates = [*await self._outbox.pending_aggregates(), *await self._next_republished()]
            await self._late_sends.note(fence, list(dict.fromkeys(aggregates)), now())
            _log.info("relay.took_over", fence=fence, in_hand=len(aggregates))
        await self._late_sends.load()
        self._loaded_fence = fence

    async def _next_republished(self) -> list[str]:
        async with available("republish state"):
            wanted = await self._outbox.control.find_one({"_id": "republish"})
        if wanted is not None:
            async for events in self._republish(wanted["after"]):
                return [event.id for event in events]
        return []

    async def _repeat_late_sends(self) -> None:
        """Send the newest states of a late send again when it is due. Rows of newer states follow, since we send one by one."""
        late = self._late_sends.due(now())
        if late is None:
            return
        for first in range(0, len(late.aggregates), _CHUNK):
            events = await self._latest(late.aggregates[first : first + _CHUNK])
            if events and not await self._send([encode(event) for event in events], [event.id for event in events]):
                return
        await self._late_sends.note_repetition(late, now())

    async def _check_log(self) -> None:
        """Request a republication when the log is another than the known one. It includes rows sent to that log before."""
        if self._log_is_known and not self._identity.is_due(at_rest=self._pace.is_at_rest):
            return
        log_id = await self._identity.current()
        async with available("relay log"):
            known = await self._outbox.control.find_one({"_id": "log"})
            if known is None or known["log_id"] != log_id:
                if known is not None:
                    _log.warning("relay.log_replaced", was=known["log_id"], now=log_id)
                await self._outbox.request_republish()
                await self._outbox.control.update_one({"_id": "log"}, {"$set": {"log_id": log_id}}, upsert=True)
        self._log_is_known = True

    async def _republish_chunk(self) -> int:
        """Send one chunk of a requested republication. Pending rows are sent between chunks, which keeps their order."""
        async with available("republish state"):
            wanted = await self._outbox.control.find_one({"_id": "republish"})
        if wanted is None:
            return 0
        # Progress counts for this request only: a later one, for a newer log, starts from the beginning.
        this = {"_id": "republish", "after": wanted["after"], "requested_at": wanted["requested_at"]}
        async for events in self._republish(wanted["after"]):
            messages = [encode(event) for event in events]
            if not await self._send(messages, [event.id for event in events]):
                return 0
            done = {"$set": {"after": events[-1].id}, "$inc": {"sent": len(events)}}
            async with available("republish state"):
                await self._outbox.control.update_one(this, done)
            return len(events)
        async with available("republish state"):
            await self._outbox.control.delete_one(this)
        _log.info("relay.republished", count=wanted["sent"])
        return 0

    async def _watch_inserts(self) -> None:
        """Wake on rows of other processes, as long as we relay them. Streams may be missing or fail; polling is the guarantee."""
        while True:
            try:
                if self._lease.fence is not None:
                    await self._watch_while_ours()
            except Unavailable as error:
                _log.info("outbox.watch_lost", reason=str(error))
            self._is_watching = False
            await asyncio.sleep(1)

    async def _watch_while_ours(self) -> None:
        async with aclosing(changes(self._outbox.rows)) as stream:
            async for change in stream:
                if self._lease.fence is None:
                    return
                self._is_watching = True
                if change is not None:
                    self._outbox.wake()


def _measure(rows: Sequence[Document]) -> None:
    metrics.OUTBOX_PENDING.set(len(rows))
    metrics.OUTBOX_OLDEST.set(oldest_s(rows))
