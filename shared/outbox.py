"""The transactional outbox: a change and the message that tells of it are committed together, then relayed to Kafka.

A row holds the message's final bytes and is deleted once Kafka has it, so that the collection holds only what is pending.
Several processes of a service write; one, the holder of a lease, relays. Its order is per key, by version.
"""

import asyncio
from collections.abc import Sequence

import structlog
from pymongo import ASCENDING

from shared.events import ArticleState, CommentState, Message, encode
from shared.mongo import Collection, Database, Document, Session, available
from shared.producer import check_size
from shared.times import now

_log = structlog.get_logger(__name__)

_MOST_ROWS = 500
_MOST_BYTES = 8_000_000

AggregateEvent = ArticleState | CommentState


class Outbox:
    """The rows of one service. `add` belongs inside the transaction that makes the change; call `wake` after its commit."""

    def __init__(self, database: Database) -> None:
        self.rows: Collection = database["outbox"]
        self.control: Collection = database["relay"]
        self.woken = asyncio.Event()

    async def add(self, session: Session, event: AggregateEvent) -> None:
        """Add an event's message to the transaction. Raises InvalidMessage when Kafka would not take its size."""
        message = encode(event)
        check_size(message)
        await self.rows.insert_one(row_of(event, message), session=session)

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


def row_of(event: AggregateEvent, message: Message) -> Document:
    return {
        "_id": f"{event.id}:{event.version:010d}",
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
