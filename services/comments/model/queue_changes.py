"""Changes that moderators' queues must see: new comments, decisions, reports, edits.

Each instance keeps the queues in memory (`moderation/queues.py`), and reads only the comments that changed since its version.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from services.comments.model.records import DiscussionVersion
from shared.errors import Unavailable
from shared.mongo.collections import Collection, Database, Document, DuplicateKeyError, available
from shared.process.process import start_task, stop_task

_log = structlog.get_logger(__name__)

_DOCUMENT = {"_id": "queues"}
# After more changes than this, an instance reads its queues again: 0.5 s for 10,000 waiting comments on the embedded engine.
MOST_REMEMBERED = 1000
_PAUSE_S = 0.5


class QueueChanges:
    """The collection `versions`, document `queues`: the number of changes, and the comments of the last ones.

    `note` does not wait: this instance knows the change at once, and others after a write (some 20 ms) that changes of the same
    moment share. Call `note` after each commit that writes a comment.
    """

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["versions"]
        self._unsent: list[str] = []
        self._woken = asyncio.Event()
        self._sending = asyncio.Lock()

    async def prepare(self) -> None:
        """Make every instance read its queues again: a killed process may have left changes without a note."""
        await self._raise({"$inc": {"version": 1}, "$set": {"changed": []}})

    @property
    def unsent(self) -> Sequence[str]:
        """Changed comments that only this instance knows of."""
        return tuple(self._unsent)

    def note(self, *comment_ids: str) -> None:
        """Record changed comments, after their commit."""
        self._unsent.extend(comment_ids)
        self._woken.set()

    async def find(self) -> DiscussionVersion:
        """The version, and the comments of the last changes. Raises Unavailable."""
        async with available("version of queues"):
            found = await self._collection.find_one(_DOCUMENT)
        return (
            DiscussionVersion(0, ()) if found is None else DiscussionVersion(found["version"], tuple(found["changed"]))
        )

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send changes to other instances, for the length of a block."""
        task = start_task(self._keep_sending(), "changes of queues")
        try:
            yield
        finally:
            await stop_task(task)
            await self.send()

    async def _keep_sending(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            if not await self.send():
                await asyncio.sleep(_PAUSE_S)
                self._woken.set()

    async def send(self) -> bool:
        """Send the changes; False when MongoDB fails, which is logged. For commands: a service sends them by itself."""
        async with self._sending:
            sent = len(self._unsent)
            if not sent:
                return True
            # The version counts also the comments left out here, so others notice the gap and read their queues again.
            changed = {"$each": self._unsent[-MOST_REMEMBERED:], "$slice": -MOST_REMEMBERED}
            try:
                await self._raise({"$inc": {"version": sent}, "$push": {"changed": changed}})
            except Unavailable as error:
                _log.warning("queues.version_waits", reason=str(error))
                return False
            del self._unsent[:sent]
            return True

    async def _raise(self, update: Document) -> None:
        async with available("version of queues"):
            try:
                await self._collection.update_one(_DOCUMENT, update, upsert=True)
            except DuplicateKeyError:
                await self._collection.update_one(_DOCUMENT, update)  # another instance was the first
