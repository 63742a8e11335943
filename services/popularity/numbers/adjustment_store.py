"""Adjustments in MongoDB. No other file knows the collection `adjustments`. There are few: each is a proven fraud."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from services.popularity.numbers.contract import Adjustment
from shared.errors import Problem
from shared.http.token_checker import TokenOwner
from shared.mongo.collections import Collection, Database, Document, DuplicateKeyError, available, ensure_indexes


@dataclass(frozen=True)
class AdjustmentRow:
    """An adjustment, with its maker and the scopes of its article. `fingerprint` is that of the request.

    `key` names the request, the same for a repetition; empty: no other request is this one. `is_open` until it is sent to the
    log of views and noted in the audit.
    """

    id: UUID
    article_id: str
    places: tuple[str, ...]
    views: int
    window_start: datetime
    reason: str
    maker: TokenOwner
    network: str
    at: datetime
    fingerprint: str
    is_sent: bool = False
    is_open: bool = True
    key: str = ""

    @property
    def document_id(self) -> str:
        """The document's key: one document for all repetitions of a request."""
        return self.key or str(self.id)

    def shown(self) -> Adjustment:
        """The adjustment as answers show it."""
        return Adjustment(
            id=str(self.id),
            article_id=self.article_id,
            views=self.views,
            window_start=self.window_start,
            reason=self.reason,
            by=self.maker.name,
            at=self.at,
        )


class AdjustmentStore:
    """Adjustments by id. `open` ones are not in the log of views, or not in the audit yet. Raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["adjustments"]

    async def prepare(self) -> None:
        """Create missing indexes."""
        fields = ("article_id", "window_start", "open")
        await ensure_indexes(self.collection, [IndexModel([(field, ASCENDING)]) for field in fields])

    async def add(self, row: AdjustmentRow) -> AdjustmentRow:
        """Store an adjustment; returns the stored one when its request is known. 422 when that was another request."""
        try:
            async with available("adjustment"):
                await self.collection.insert_one(_document(row))
        except DuplicateKeyError:
            async with available("adjustment"):
                found = await self.collection.find_one({"_id": row.document_id})
            known = row if found is None else _row(found)
            if known.fingerprint != row.fingerprint:
                raise Problem(422, "This Idempotency-Key was used for another request.") from None
            return known
        return row

    async def open(self) -> list[AdjustmentRow]:
        """The adjustments that are not done."""
        return await self._find({"open": True})

    async def mark_sent(self, row: AdjustmentRow) -> None:
        """An adjustment is in the log of views."""
        async with available("adjustment"):
            await self.collection.update_one({"_id": row.document_id}, {"$set": {"sent": True}})

    async def close(self, row: AdjustmentRow) -> None:
        """An adjustment is in the log of views and in the audit, which keeps the network."""
        async with available("adjustment"):
            await self.collection.update_one({"_id": row.document_id}, {"$set": {"open": False, "network": ""}})

    async def touching(self, scope: str, start: datetime, end: datetime) -> list[Adjustment]:
        """The adjustments of an article or scope within a span, newest first."""
        rows = await self._find({"window_start": {"$gte": start, "$lt": end}})
        return [row.shown() for row in rows if scope in ("site", row.article_id, *row.places)]

    async def all(self) -> list[Adjustment]:
        """All adjustments, newest first."""
        return [row.shown() for row in await self._find({})]

    async def _find(self, wanted: Mapping[str, object]) -> list[AdjustmentRow]:
        async with available("adjustments"):
            found = await self.collection.find(wanted).to_list(None)
        return sorted(map(_row, found), key=lambda row: (row.at, str(row.id)), reverse=True)


def _document(row: AdjustmentRow) -> Document:
    return {
        "_id": row.document_id,
        "event": str(row.id),
        "article_id": row.article_id,
        "places": list(row.places),
        "views": row.views,
        "window_start": row.window_start,
        "reason": row.reason,
        "maker": row.maker.model_dump(),
        "network": row.network,
        "at": row.at,
        "fingerprint": row.fingerprint,
        "sent": row.is_sent,
        "open": row.is_open,
    }


def _row(found: Document) -> AdjustmentRow:
    return AdjustmentRow(
        # Documents of former releases have the event's id as their own.
        UUID(found.get("event", found["_id"])),
        found["article_id"],
        tuple(found["places"]),
        found["views"],
        found["window_start"],
        found["reason"],
        TokenOwner.model_validate(found["maker"]),
        found["network"],
        found["at"],
        found["fingerprint"],
        found["sent"],
        found["open"],
        found["_id"],
    )
