"""Relays an outbox to Kafka: one process of a service, the holder of a lease, sends what the others have committed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol
from uuid import uuid4

import structlog
from pymongo import ReturnDocument

from shared.errors import Unavailable
from shared.events import Message, encode
from shared.kafka.client import LogIdentity
from shared.kafka.pace import Pace
from shared.kafka.producer import Producer
from shared.mongo.collections import Document, DuplicateKeyError, available, changes
from shared.outbox.store import AggregateEvent, Outbox, SentVersions, message_of, oldest_s, row_of
from shared.process import metrics
from shared.process.process import start_task, stop_task
from shared.settings import Settings
from shared.times import now

_log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=6)
# A lease is renewed so many times before it would end.
_RENEWALS = 4
_STANDBY_S = 1.0
_POLL_S = 0.25
# Change streams wake the relay; this is how long a row waits that they did not tell of.
_POLL_AT_REST_S = 1.5

Republish = Callable[[str | None], AsyncIterator[Sequence[AggregateEvent]]]
Latest = Callable[[Iterable[str]], Awaitable[Sequence[AggregateEvent]]]


class Aggregates(Protocol):
    """Those whose changes are relayed; see Relay."""

    def events_after(self, aggregate_id: str | None, /) -> AsyncIterator[Sequence[AggregateEvent]]:
        """Every aggregate's newest event, in chunks, behind an aggregate."""
        ...

    async def latest_events(self, aggregate_ids: Iterable[str], /) -> Sequence[AggregateEvent]:
        """The newest events of some."""
        ...


@asynccontextmanager
async def relaying(settings: Settings, outbox: Outbox, aggregates: Aggregates) -> AsyncIterator[None]:
    """Have an outbox relayed for the length of a block."""
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    identity = LogIdentity(settings.kafka)
    relay = Relay(outbox, producer, identity, republish=aggregates.events_after, latest=aggregates.latest_events)
    task = start_task(relay.run(), "relay")
    try:
        yield
    finally:
        await stop_task(task)
        await producer.stop()
        with suppress(TimeoutError):
            await identity.close()


@dataclass
class _Lease:
    """Who relays. `fence` grows with each change of hands; `until` is ours by the monotonic clock, with a third to spare."""

    fence: int
    until: float

    def holds(self) -> bool:
        return monotonic() < self.until


@dataclass(frozen=True)
class _Sent:
    """What was handed to Kafka last, and under which fence."""

    fence: int
    aggregates: frozenset[str]


class Relay:
    """Sends what is pending, in order, at least once; `run` until cancelled.

    Guarantees: each committed row reaches Kafka, the rows of one aggregate by version. A relay that was stopped past its
    lease may send an old row after its successor's newer one; it finds that out by the fence, and hands the newest state
    to the current holder to be sent once more, so that a compacted log ends with the newest. Consumers drop
    `version <= seen`.

    `republish(after)` yields every aggregate's newest event in chunks, in an order of the owner's own that it can take up
    behind the aggregate `after`; `latest(ids)` gives the newest events of some. A log that replaced the known one
    (LogIdentity) starts a republication by itself.
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
    ) -> None:
        self._outbox = outbox
        self._producer = producer
        self._identity = identity
        self._republish = republish
        self._latest = latest
        self._owner = uuid4().hex
        self._lease: _Lease | None = None
        self._lease_for = lease
        self._renew_every_s = lease.total_seconds() / _RENEWALS
        self._unsure: _Sent | None = None
        self._sent = SentVersions()
        self._owes_a_look = False
        self._log_is_known = self._is_watching = False
        self._renewed_at = 0.0
        self._pace = Pace(int(_POLL_S * 1000), int(_POLL_AT_REST_S * 1000))
        self.relayed_at = monotonic()

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
                await self._release()

    async def _turn(self) -> None:
        await self._make_sure()
        if not (self._has_lease or await self._take_lease()):
            _measure([])
            await asyncio.sleep(_STANDBY_S)
            return
        self._outbox.woken.clear()
        rows = await self._next_rows()
        _measure(rows)
        sent = await self._send_pending(rows)
        await self._check_log()
        sent += await self._republish_some()
        self.relayed_at = monotonic()
        # Behind the work: what has just been committed does not wait for it.
        await self._renew_when_due()
        if sent:
            self._pace.note_activity()
        else:
            await self._rest()

    async def _rest(self) -> None:
        wait_s = min(self._pace.wait_ms / 1000, self._renew_every_s) if self._is_watching else _POLL_S
        with suppress(TimeoutError):
            await asyncio.wait_for(self._outbox.woken.wait(), wait_s)

    @property
    def _has_lease(self) -> bool:
        return self._lease is not None and self._lease.holds()

    async def _renew_when_due(self) -> None:
        if monotonic() - self._renewed_at >= self._renew_every_s:
            await self._take_lease()

    async def _take_lease(self) -> bool:
        asked_at = monotonic()
        fence = await self._claim(now())
        self._renewed_at = asked_at
        self._lease = None if fence is None else _Lease(fence, asked_at + self._lease_for.total_seconds() * 2 / 3)
        return self._lease is not None

    async def _claim(self, moment: datetime) -> int | None:
        """Renew the lease, or take it when it has run out; the fence number, or None while it is another's."""
        mine = {"_id": "lease", "owner": self._owner}
        free = {"_id": "lease", "until": {"$lt": moment}}
        until = {"$set": {"until": moment + self._lease_for, "owner": self._owner}}
        async with available("relay lease"):
            held = await self._outbox.control.find_one_and_update(mine, until, return_document=ReturnDocument.AFTER)
            if held is None:
                held = await self._outbox.control.find_one_and_update(
                    free, until | {"$inc": {"fence": 1}}, return_document=ReturnDocument.AFTER
                )
            if held is None and await self._outbox.control.find_one({"_id": "lease"}) is None:
                held = mine | {"until": moment + self._lease_for, "fence": 1}
                try:
                    await self._outbox.control.insert_one(held)
                except DuplicateKeyError:
                    return None
        return None if held is None else int(held["fence"])

    async def _release(self) -> None:
        async with available("relay lease"):
            await self._outbox.control.update_one(
                {"_id": "lease", "owner": self._owner}, {"$set": {"until": now() - self._lease_for}}
            )

    async def _next_rows(self) -> Sequence[Document]:
        """What this process has just committed, as it is in memory; else, and every second time, what is pending.

        A row from memory goes before the others are read only where the event before it was sent, or there is none.
        """
        fresh = [] if self._owes_a_look else self._sent.in_order(self._outbox.take_committed())
        self._owes_a_look = bool(fresh)
        return fresh or await self._outbox.pending()

    async def _send_pending(self, rows: Sequence[Document]) -> int:
        if not rows:
            return 0
        # One that a fenced relay has handed over may be older than what was sent since: it only goes.
        wanted = [row for row in rows if not self._sent.is_outdated(row)]
        if not await self._send([message_of(row) for row in wanted], [row["aggregate"] for row in wanted]):
            return 0
        self._sent.note(wanted)
        async with available("outbox settle"):
            await self._outbox.rows.delete_many({"_id": {"$in": [row["_id"] for row in rows]}})
        metrics.OUTBOX_SENT.inc(len(rows))
        return len(rows)

    async def _send(self, messages: Sequence[Message], aggregates: Iterable[str]) -> bool:
        """Send under the lease; False when it was not ours, before or after. What a failed send did is unknown."""
        if self._lease is None or not self._lease.holds():
            return False
        self._unsure = _Sent(self._lease.fence, frozenset(aggregates))
        await self._producer.send(*messages)
        return await self._make_sure()

    async def _make_sure(self) -> bool:
        """Whether the lease outlived the last send. If not, what was sent may be older than what its new holder has sent."""
        if self._unsure is None:
            return True
        held = await self._is_held(self._unsure.fence)
        if not held:
            self._lease = None
            await self._hand_over(self._unsure.aggregates)
        self._unsure = None
        return held

    async def _is_held(self, fence: int) -> bool:
        async with available("outbox fence"):
            found = await self._outbox.control.find_one({"_id": "lease"})
        return found is not None and found["owner"] == self._owner and found["fence"] == fence

    async def _hand_over(self, aggregates: Iterable[str]) -> None:
        """Have the lease's new holder send the newest once more."""
        newest = {event.id: event for event in await self._latest(aggregates)}
        _log.warning("relay.fenced", aggregates=len(newest))
        while newest:
            for event in newest.values():
                await self._requeue(event)
            # A change that was committed and sent in between would now be followed by an older state.
            again = await self._latest(set(newest))
            newest = {event.id: event for event in again if event.version > newest[event.id].version}

    async def _requeue(self, event: AggregateEvent) -> None:
        row = row_of(event, encode(event))
        async with available("outbox requeue"):
            with suppress(DuplicateKeyError):
                await self._outbox.rows.insert_one(row)

    async def _check_log(self) -> None:
        """Ask for a republication where another log stands than the one that is known. Rows that went to it before are
        part of what is sent again."""
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

    async def _republish_some(self) -> int:
        """Send one chunk of a republication that was asked for; pending changes go between chunks, so order holds."""
        async with available("republish state"):
            wanted = await self._outbox.control.find_one({"_id": "republish"})
        if wanted is None:
            return 0
        # What was read goes for this request only: another, for a newer log, begins from the start.
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
        """Wake on other processes' writes too. Where change streams are missing or fail, the poll is the guarantee."""
        while True:
            try:
                async for change in changes(self._outbox.rows):
                    self._is_watching = True
                    if change is not None:
                        self._outbox.wake()
            except Unavailable as error:
                self._is_watching = False
                _log.info("outbox.watch_lost", reason=str(error))
            await asyncio.sleep(1)


def _measure(rows: Sequence[Document]) -> None:
    metrics.OUTBOX_PENDING.set(len(rows))
    metrics.OUTBOX_OLDEST.set(oldest_s(rows))
