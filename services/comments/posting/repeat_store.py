"""Comments of the last minutes in MongoDB, so that the same text again is the same comment, in every process."""

from collections.abc import Iterable, Mapping, Sequence

from pymongo import ASCENDING, IndexModel

from services.comments.posting.repeats import WINDOW, Repeat
from shared.mongo.collections import Collection, Database, Session, available, ensure_indexes
from shared.mongo.expiry import index_by_age

# They hold texts and edit tokens, so they go soon after their time.
REPEATS_KEPT = 2 * WINDOW


class RepeatStore:
    """The collection `repeats`. Its unique keys are written with the comment, so two processes cannot store it twice."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["repeats"]

    async def prepare(self) -> None:
        """Create missing indexes. Raises Unavailable."""
        await ensure_indexes(self.collection, [IndexModel([("comment", ASCENDING)])])
        await index_by_age(self.collection)

    async def find(self, keys: Iterable[str]) -> Mapping[str, Repeat]:
        """The stored ones of these keys, also those whose time is over. Raises Unavailable."""
        wanted = list(keys)
        if not wanted:
            return {}
        async with available("repeated comments"):
            found = await self.collection.find({"_id": {"$in": wanted}}).to_list(None)
        return {item["_id"]: Repeat(item["_id"], item["comment"], bytes(item["posted"]), item["at"]) for item in found}

    async def add(self, repeats: Sequence[Repeat], replaced: Sequence[str], session: Session) -> None:
        """Add comments, inside a transaction; `replaced`: keys whose old entry is over. Raises DuplicateKeyError."""
        if replaced:
            over = max(repeat.at for repeat in repeats) - WINDOW
            await self.collection.delete_many({"_id": {"$in": list(replaced)}, "at": {"$lte": over}}, session=session)
        documents = [
            {"_id": repeat.key, "comment": repeat.comment_id, "posted": repeat.posted, "at": repeat.at}
            for repeat in repeats
        ]
        await self.collection.insert_many(documents, session=session)

    async def forget(self, comment_id: str, session: Session) -> None:
        """Delete the answers that show a comment, inside a transaction."""
        await self.collection.delete_many({"comment": comment_id}, session=session)
