"""The transactional outbox: a change and its Kafka message are committed together, then relayed.

A row holds the message's final bytes and is deleted once Kafka has it, so the collection holds only pending rows.
All processes of a service write rows; one, the holder of a lease, relays them. The order is by version for each key.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from pymongo import ASCENDING

from shared.events import ArticleState, CommentState, DiscussionChanged, Message, encode
from shared.kafka.producer import check_size
from shared.mongo.collections import Collection, Database, Document, Session, available
from shared.times import now

_log = structlog.get_logger(__name__)

_MOST_ROWS = 500
_MOST_BYTES = 8_000_000
# Rows kept in memory between commit and relay; the relay reads all others from MongoDB.
_MOST_KEPT = 64
_LARGEST_KEPT = 128 * 1024
_MOST_AGGREGATES = 10_000

AggregateEvent = ArticleState | CommentState | DiscussionChanged


@dataclass(frozen=True)
class Committed:
    """A row that this process committed. `follows`: version of the aggregate's previous event, None for its first."""

    row: Document
    follows: int | None


class SentVersions:
    """The newest version that this relay sent, by aggregate. Decides which rows may be sent from memory."""

    def __init__(self, most: int = _MOST_AGGREGATES) -> None:
        self._most = most
        self._versions: OrderedDict[str, int] = OrderedDict()

    def note(self, rows: Iterable[Document]) -> None:
        """Record rows that Kafka has acknowledged."""
        for row in rows:
            aggregate = str(row["aggregate"])
            self._versions[aggregate] = max(int(row["version"]), self._versions.get(aggregate, 0))
            self._versions.move_to_end(aggregate)
            if len(self._versions) > self._most:
                self._versions.popitem(last=False)

    def is_outdated(self, row: Document) -> bool:
        """Whether a newer state of the aggregate was sent: the log must not end with this row."""
        return int(row["version"]) < self._versions.get(str(row["aggregate"]), 0)

    def ready(self, committed: Sequence[Committed]) -> list[Document]:
        """The rows that may be sent: their predecessor was sent. Any other was sent itself, or follows a pending row."""
        rows: list[Document] = []
        last: dict[str, int] = {}
        for change in committed:
            aggregate = str(change.row["aggregate"])
            previous = last.get(aggregate, self._versions.get(aggregate))
            if change.follows == previous:
                rows.append(change.row)
                last[aggregate] = int(change.row["version"])
        return rows


class Outbox:
    """The rows of one service.

    Call `add` inside the transaction of the change. After the commit call `note_committed`, or `wake` if the version of the
    previous event is not known.
    """

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database["outbox"]
        self.control: Collection = database["relay"]
        self.woken = asyncio.Event()
        self._added: OrderedDict[str, Document] = OrderedDict()
        self._committed: list[Committed] = []

    async def add(self, session: Session, event: AggregateEvent) -> None:
        """Add an event's message to the transaction. Raises InvalidMessage when it is too large for Kafka."""
        await self.add_all(session, [event])

    async def add_all(self, session: Session, events: Iterable[AggregateEvent]) -> None:
        """Add the messages of several events to the transaction in one command. Raises InvalidMessage as `add`."""
        rows = []
        for event in events:
            message = encode(event)
            check_size(message)
            rows.append(row_of(event, message))
        await self.add_rows(session, rows)

    async def add_rows(self, session: Session, rows: Sequence[Document]) -> None:
        """Add the rows of messages whose size was checked to the transaction."""
        if not rows:
            return
        await self.rows.insert_many(list(rows), session=session)
        for row in rows:
            if len(row["value"] or b"") <= _LARGEST_KEPT:
                self._added[row["_id"]] = row
                if len(self._added) > _MOST_KEPT:
                    self._added.popitem(last=False)

    def note_committed(self, event: AggregateEvent, *, follows: int | None) -> None:
        """Offer a committed event to this process's relay. `follows`: version of the aggregate's previous event."""
        row = self._added.pop(_row_id(event), None)
        if row is not None and len(self._committed) < _MOST_KEPT:
            self._committed.append(Committed(row, follows))
        self.wake()

    def take_committed(self) -> list[Committed]:
        """The rows noted since the last call."""
        taken, self._committed = self._committed, []
        return taken

    def wake(self) -> None:
        """Wake the relay in this process: a row is pending."""
        self.woken.set()

    async def request_republish(self) -> None:
        """Request that the relay send every aggregate's state again. A new relay continues where the old one ended."""
        async with available("republish request"):
            await self.control.update_one(
                {"_id": "republish"}, {"$set": {"after": None, "sent": 0, "requested_at": now()}}, upsert=True
            )

    async def pending(self) -> list[Document]:
        """The first rows that Kafka does not have yet, in sending order.

        Sorted by `_id`, so a scan returns no row of an aggregate without the earlier ones: the transaction of a version begins
        after the previous version was committed, and the two are neighbours in this order.
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

    async def pending_aggregates(self) -> list[str]:
        """The aggregates of all rows that Kafka does not have yet, or that a relay has sent and not deleted."""
        async with available("outbox aggregates"):
            rows = await self.rows.find({}, {"aggregate": 1}).to_list(None)
        return list(dict.fromkeys(str(row["aggregate"]) for row in rows))

    async def facts(self) -> dict[str, object]:
        """For readiness reports: how far Kafka is behind. Never a failure, since a write is durable without Kafka."""
        async with available("outbox rows"):
            rows = await self.rows.find({}, {"created_at": 1}).limit(_MOST_ROWS).to_list(None)
        return {"outbox_pending": len(rows), "outbox_oldest_s": round(oldest_s(rows), 1)}

    async def republish_progress(self) -> int | None:
        """How many events the current republication has sent; None without one."""
        async with available("republish progress"):
            found = await self.control.find_one({"_id": "republish"})
        return None if found is None else int(found["sent"])


def _row_id(event: AggregateEvent) -> str:
    return f"{event.id}:{event.version:010d}"


def row_of(event: AggregateEvent, message: Message) -> Document:
    """The row of an event with its encoded message."""
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
    """The message of a row."""
    headers = tuple((str(name), bytes(value)) for name, value in row["headers"])
    return Message(row["topic"], bytes(row["key"]), bytes(row["value"]), headers)


def oldest_s(rows: Sequence[Document]) -> float:
    """Age of the oldest row in seconds; 0 without rows."""
    oldest = min((row["created_at"] for row in rows), default=None)
    return 0.0 if oldest is None else max(0.0, (now() - oldest).total_seconds())
