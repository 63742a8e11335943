"""Adjustments: stored first, then sent to the log of views and to the audit, until both have them."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from services.popularity.numbers.adjustment_store import AdjustmentRow, AdjustmentStore
from shared.errors import Unavailable
from shared.events import Message, ViewsAdjusted, encode
from shared.http.instances import Instances
from shared.times import rfc3339

_log = structlog.get_logger(__name__)

_EVERY_S = 10.0
# A person waits for the answer. What takes longer is finished by `run`.
_AT_ONCE_S = 3.0
_AUDIT_WITHIN_S = 5.0


class EventSender(Protocol):
    """The producer, as adjustments need it."""

    async def send(self, *messages: Message) -> None:
        """Send to the log. Raises Unavailable."""


class Audit(Protocol):
    """The audit, as adjustments need it."""

    async def note(self, row: AdjustmentRow) -> None:
        """Note an adjustment, once. Raises Unavailable."""


class AuditClient:
    """Asks ingestion to note an act in the audit."""

    def __init__(self, ingestion_urls: Sequence[str]) -> None:
        self._ingestion = Instances("ingestion", ingestion_urls, _AUDIT_WITHIN_S)

    async def note(self, row: AdjustmentRow) -> None:
        """Note an adjustment, once. Raises Unavailable when no instance of ingestion takes it."""
        act = {
            "id": str(row.id),
            "actor": {"id": row.maker.id, "name": row.maker.name, "via": row.maker.via},
            "action": "numbers.adjust",
            "object": row.article_id,
            "network": row.network,
            "at": rfc3339(row.at),
            "details": {"views": row.views, "window_start": rfc3339(row.window_start), "reason": row.reason},
        }
        await self._ingestion.ask("POST", "/internal/acts", lambda answer: answer.expect(204), json=act)

    async def close(self) -> None:
        """Close the connections."""
        await self._ingestion.close()


class Adjusting:
    """Finishes adjustments. Each is sent once; should its mark be lost, the counter knows ids of adjustments for ever."""

    def __init__(
        self, store: AdjustmentStore, producer: EventSender, audit: Audit, at_once_s: float = _AT_ONCE_S
    ) -> None:
        self._at_once_s = at_once_s
        self._store = store
        self._producer = producer
        self._audit = audit

    async def adjust(self, row: AdjustmentRow) -> AdjustmentRow:
        """Store an adjustment, and send it now or, while the log or the audit does not take it in time, by `run`.

        Returns the stored one for a known id. Raises Unavailable when it was not stored.
        """
        stored = await self._store.add(row)
        if stored.is_open:
            try:
                async with asyncio.timeout(self._at_once_s):
                    await self._finish(stored)
            except TimeoutError:
                _log.warning("adjustment.waits", id=str(stored.id), reason="the log or the audit does not answer")
        return stored

    async def run(self) -> None:
        """Finish open adjustments, until cancelled."""
        is_prepared = False
        while True:
            try:
                if not is_prepared:
                    await self._store.prepare()
                    is_prepared = True
                await self.finish_open()
            except Unavailable as error:
                _log.warning("adjustment.waits", reason=str(error))
            await asyncio.sleep(_EVERY_S)

    async def finish_open(self) -> None:
        """Try once to finish each open adjustment. Raises Unavailable when they cannot be read."""
        for row in await self._store.open():
            await self._finish(row)

    async def _finish(self, row: AdjustmentRow) -> None:
        try:
            if not row.is_sent:
                await self._send(row)
                await self._store.mark_sent(row)
            await self._audit.note(row)
            await self._store.close(row)
        except Unavailable as error:
            _log.warning("adjustment.waits", id=str(row.id), reason=str(error))

    async def _send(self, row: AdjustmentRow) -> None:
        event = ViewsAdjusted(
            id=row.id,
            article_id=row.article_id,
            views=row.views,
            window_start=row.window_start,
            reason=row.reason,
            by=row.maker.name,
            adjusted_at=row.at,
        )
        await self._producer.send(encode(event))
