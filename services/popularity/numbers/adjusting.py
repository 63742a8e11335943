"""Adjustments: stored first, then sent to the log of views and to the audit, until both have them."""

import asyncio
from collections.abc import Sequence

import aiohttp
import structlog

from services.popularity.numbers.adjustment_store import AdjustmentRow, AdjustmentStore
from shared.errors import Unavailable
from shared.events import ViewsAdjusted, encode
from shared.kafka.producer import Producer
from shared.times import rfc3339

_log = structlog.get_logger(__name__)

_EVERY_S = 10.0
_AUDIT_WITHIN_S = 5.0


class AuditClient:
    """Asks ingestion to note an act in the audit."""

    def __init__(self, ingestion_urls: Sequence[str]) -> None:
        self._urls = ingestion_urls
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_AUDIT_WITHIN_S))

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
        reason = "no address"
        for url in self._urls:
            try:
                async with self._http.post(f"{url}/internal/acts", json=act) as answer:
                    if answer.status == 204:
                        return
                    reason = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = repr(error)
        raise Unavailable(f"ingestion: the audit did not take an adjustment: {reason}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


class Adjusting:
    """Finishes adjustments. The event's id is the adjustment's, so an event that is sent twice counts once."""

    def __init__(self, store: AdjustmentStore, producer: Producer, audit: AuditClient) -> None:
        self._store = store
        self._producer = producer
        self._audit = audit

    async def adjust(self, row: AdjustmentRow) -> AdjustmentRow:
        """Store an adjustment and send it. Raises Unavailable when the log does not take it; `run` then goes on."""
        stored = await self._store.add(row)
        await self._send(stored)
        try:
            await self._finish(stored)
        except Unavailable as error:
            _log.warning("adjustment.waits", reason=str(error))
        return stored

    async def run(self) -> None:
        """Finish what is left, until cancelled."""
        is_prepared = False
        while True:
            try:
                if not is_prepared:
                    await self._store.prepare()
                    is_prepared = True
                for row in await self._store.open():
                    await self._send(row)
                    await self._finish(row)
            except Unavailable as error:
                _log.warning("adjustment.waits", reason=str(error))
            await asyncio.sleep(_EVERY_S)

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

    async def _finish(self, row: AdjustmentRow) -> None:
        await self._audit.note(row)
        await self._store.close(row)
