"""Previews in MongoDB: which article an unguessable address shows, and until when. Only a hash of its token is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ingestion.articles.rules import Author
from shared.http.bearer import hash_token
from shared.mongo.collections import Collection, Database, available

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Preview:
    """A preview of one article's working copy."""

    article_id: str
    made_at: datetime

    @property
    def expires_at(self) -> datetime:
        """Its end."""
        return self.made_at + KEPT_FOR


class PreviewStore:
    """The collection `previews`. Every method raises Unavailable. `app.py` deletes old documents."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["previews"]

    async def add(self, token: str, article_id: str, by: Author, at: datetime) -> Preview:
        """Make the preview of a token, or return the one that the token has already."""
        preview = Preview(article_id, at)
        made = {"article_id": article_id, "by": by.name, "by_id": by.id, "at": at}
        hashed = {"_id": hash_token(token)}
        async with available("previews"):
            await self.collection.update_one(hashed, {"$setOnInsert": made}, upsert=True)
            kept = await self.collection.find_one(hashed)
        return preview if kept is None else Preview(kept["article_id"], kept["at"])

    async def find(self, token: str, at: datetime) -> Preview | None:
        """The preview of a token; None when the token is unknown or too old."""
        async with available("previews"):
            found = await self.collection.find_one({"_id": hash_token(token)})
        preview = None if found is None else Preview(found["article_id"], found["at"])
        return None if preview is None or preview.expires_at <= at else preview
