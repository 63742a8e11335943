"""The audit log: who did what to what, when, from which network. Entries are added; nothing changes or deletes one."""

from collections.abc import Mapping
from datetime import datetime

from services.ingestion.people.actor import Actor
from shared.ids import new_id
from shared.mongo.collections import Collection, Database, Session, available


class AuditLog:
    """The collection `audit`."""

    def __init__(self, database: Database) -> None:
        self._audit: Collection = database["audit"]

    async def note(
        self,
        actor: Actor,
        action: str,
        object: str,
        network: str,
        at: datetime,
        details: Mapping[str, object],
        session: Session | None = None,
    ) -> None:
        """Store one act, in the transaction of `session` where there is one. Raises Unavailable."""
        document = {
            "_id": new_id(),
            "at": at,
            "actor": {"id": actor.id, "name": actor.name, "via": actor.via},
            "action": action,
            "object": object,
            "network": network,
            "details": dict(details),
        }
        async with available("audit log"):
            await self._audit.insert_one(document, session=session)
