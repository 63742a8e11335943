"""Which visitors of a network count on a comment, in MongoDB: a visitor is as easily invented as a User-Agent, a network is not.

Networks and visitors are keyed hashes of the day (`access/visitors.py`).
"""

from datetime import datetime, timedelta
from typing import Literal

from services.comments.access.visitors import Visitor
from shared.mongo.collections import Collection, Database, DuplicateKeyError, available
from shared.mongo.expiry import index_by_age

MOST_OF_A_NETWORK = 10
"""So many visitors of one network count on a comment in a day: a household or an office, but no list of User-Agents."""
# The day's key is gone after two days.
NETWORKS_KEPT_FOR = timedelta(days=3)

Reaction = Literal["vote", "report"]


class NetworkStore:
    """The collection `reaction_networks`: one document a comment, network, day and kind of reaction."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["reaction_networks"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await index_by_age(self.collection)

    async def admits(self, reaction: Reaction, comment_id: str, visitor: Visitor, at: datetime) -> bool:
        """Whether the visitor is among the first MOST_OF_A_NETWORK of the network; who counts once counts again."""
        key = {"_id": f"{reaction}:{comment_id}:{visitor.network_id}"}
        async with available("visitors of a network"):
            found = await self.collection.find_one(key)
            visitors = found["visitors"] if found else []
            if visitor.id not in visitors and len(visitors) < MOST_OF_A_NETWORK:
                visitors = await self._add(key, visitor.id, at)
        # Requests at the same moment may add some more.
        return visitor.id in visitors[:MOST_OF_A_NETWORK]

    async def _add(self, key: dict[str, str], visitor_id: str, at: datetime) -> list[str]:
        update = {"$addToSet": {"visitors": visitor_id}, "$setOnInsert": {"at": at}}
        try:
            await self.collection.update_one(key, update, upsert=True)
        except DuplicateKeyError:
            await self.collection.update_one(key, update)  # a request at the same moment was the network's first
        # Read apart: the embedded engine has no answer for the second of two requests that create a document.
        found = await self.collection.find_one(key)
        return list(found["visitors"]) if found else []
