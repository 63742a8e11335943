"""The transactional outbox: a change and the message that tells of it are committed together, then relayed to Kafka.

A row holds the message's final bytes and is deleted once Kafka has it, so that the collection holds only what is pending.
Several processes of a service write; one, the holder of a lease, relays. Its order is per key, by version.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from pymongo import ASCENDING

from shared.events import ArticleState, CommentState, Message, encode
from shared.kafka.producer import check_size
from shared.mongo.collections import Collection, Database, Document, Session, available
from shared.times import now

_log = structlog.get_logger(__name__)

_MOST_ROWS = 500
_MOST_BYTES = 8_000_000
# Rows in memory between a transaction and the relay's turn; one that is left out is read back.
_MOST_KEPT = 64
_LARGEST_KEPT = 128 * 1024
_MOST_AGGREGATES = 10_000

AggregateEvent = ArticleState | CommentState


@dataclass(frozen=True)
class Committed:
    """A row that this process has committed. `follows` is the version of the aggregate's event before it, None for its first."""

    row: Document
    follows: int | None


class SentVersions:
    """The newest version of each aggregate that this relay has sent: what shows that a row may go before others are read."""

    def __init__(self, most: int = _MOST_AGGREGATES) -> None:
        self._most = most
        self._versions: OrderedDict[str, int] = OrderedDict()

    def note(self, rows: Iterable[Document]) -> None:
        """Note what Kafka has taken."""
        for row in rows:
            aggregate = str(row["aggregate"])
            self._versions[aggregate] = max(int(row["version"]), self._versions.get(aggregate, 0))
            self._versions.move_to_end(aggregate)
            if len(self._versions) > self._most:
                self._versions.popitem(last=False)

    def is_outdated(self, row: Document) -> bool:
        """Whether a newer state of the same aggregate was sent already: the log must not end with this one."""
        return int(row["version"]) < self._versions.get(str(row["aggregate"]), 0)

    def in_order(self, committed: Sequence[Committed]) -> list[Document]:
        """The rows that may go at once: without those that were sent, and those before which one may still be pending."""
        rows: list[Document] = []
        last: dict[str, int] = {}
        for one in committed:
            aggregate = str(one.row["aggregate"])
            before = last.get(aggregate, self._versions.get(aggregate))
            if one.follows == before:
                rows.append(one.row)
                last[aggregate] = int(one.row["version"])
        return rows


class Outbox:
    """The rows of one service. `add` belongs inside the transaction that makes the change; after its commit call
    `note_committed`, or `wake` where the event before is not known."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database["outbox"]
        self.control: Collection = database["relay"]
        self.woken = asyncio.Event()
        self._added: OrderedDict[str, Document] = OrderedDict()
        self._committed: list[Committed] = []

    async def add(self, session: Session, event: AggregateEvent) -> None:
        """Add an event's message to the transaction. Raises InvalidMessage when Kafka would not take its size."""
        message = encode(event)
        check_size(message)
        row = row_of(event, message)
        await self.rows.insert_one(row, session=session)
        if len(message.value or b"") <= _LARGEST_KEPT:
            self._added[row["_id"]] = row
            if len(self._added) > _MOST_KEPT:
                self._added.popitem(last=False)

    def note_committed(self, event: AggregateEvent, *, follows: int | None) -> None:
        """Tell the relay in this process that an event was committed, and the version of the aggregate's event before it."""
        row = self._added.pop(_row_id(event), None)
        if row is not None and len(self._committed) < _MOST_KEPT:
            self._committed.append(Committed(row, follows))
        self.wake()

    def take_committed(self) -> list[Committed]:
        """What was noted since it was asked for last."""
        taken, self._committed = self._committed, []
        return taken

    def wake(self) -> None:
        """Tell the relay in this process that there is something to send."""
        self.woken.set()

    async def request_republish(self) -> None:
        """Ask the relay to send the state of everything again; it survives the relay's death and goes on where it was."""
        async with available("republish request"):
            await self.control.update_one(
                {"_id": "republish"}, {"$set": {"after": None, "sent": 0, "requested_at": now()}}, upsert=True
            )

    async def pending(self) -> list[Document]:
        """The first rows that Kafka does not have yet, in the order to send them in.

        By `_id`, so that no row of an aggregate is read before an earlier one of it: a row's transaction begins after that of
        the version before it was committed, and a scan in this order has nothing else of that aggregate between the two.
        """
        rows: list[Document] = []
        size = 0
        async with available("outbox rows"):
            async for row in self.rows.find({}, batch_size=100).sort("_id", ASCENDING).limit(_MOST_ROWS):
                rows.append(row)
                size += len(row["value"])
                if size > _MOST_BYTES:
                    break
        return rows

    async def facts(self) -> dict[str, object]:
        """For health: how far Kafka is behind what is committed. A write is durable without Kafka."""
        async with available("outbox rows"):
            rows = await self.rows.find({}, {"created_at": 1}).limit(_MOST_ROWS).to_list(None)
        return {"outbox_pending": len(rows), "outbox_oldest_s": round(oldest_s(rows), 1)}

    async def republish_progress(self) -> int | None:
        """How many have been sent again so far; None when no republication is under way."""
        async with available("republish progress"):
            found = await self.control.find_one({"_id": "republish"})
        return None if found is None else int(found["sent"])


def _row_id(event: AggregateEvent) -> str:
    return f"{event.id}:{event.version:010d}"


def row_of(event: AggregateEvent, message: Message) -> Document:
    return {
        "_id": _row_id(event),
        "aggregate": event.id,
        "version": event.version,
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "headers": [[name, value] for name, value in message.headers],
        "created_at": now(),
    }


def message_of(row: Document) -> Message:
    headers = tuple((str(name), bytes(value)) for name, value in row["headers"])
    return Message(row["topic"], bytes(row["key"]), bytes(row["value"]), headers)


def oldest_s(rows: Sequence[Document]) -> float:
    oldest = min((row["created_at"] for row in rows), default=None)
    return 0.0 if oldest is None else max(0.0, (now() - oldest).total_seconds())
