"""Finds the pictures that an article names: in ingestion's copy, else at media, once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.ingestion.pictures.media_client import MOST_IDS, MediaClient
from services.ingestion.pictures.picture_store import PictureStore
from shared.errors import Unavailable
from shared.ids import created_ms
from shared.pictures import PictureRecord


@dataclass(frozen=True)
class FoundPictures:
    """The records by id. `unanswered`: ids that are not in the copy, while media did not answer."""

    records: Mapping[str, PictureRecord]
    unanswered: frozenset[str] = frozenset()

    def demand(self, ids: Iterable[str]) -> None:
        """Raises Unavailable when media did not answer about one of these."""
        missing = self.unanswered.intersection(ids)
        if missing:
            raise Unavailable(f"media does not answer about the picture {min(missing)}")


class Pictures:
    """The copy of the pictures' facts, with media behind it."""

    def __init__(self, store: PictureStore, media: MediaClient) -> None:
        self.store = store
        self._media = media

    async def find(self, ids: Iterable[str]) -> FoundPictures:
        """The pictures of these ids. What media alone has is kept for the next time."""
        wanted = tuple(dict.fromkeys(ids))
        found = await self.store.find(wanted)
        # What is no id needs no answer.
        rest = [name for name in wanted if name not in found and created_ms(name) is not None]
        for start in range(0, len(rest), MOST_IDS):
            asked = rest[start : start + MOST_IDS]
            try:
                records = await self._media.find(asked)
            except Unavailable:
                return FoundPictures(found, frozenset(rest[start:]))
            for record in records.values():
                await self.store.keep(record)
            found |= records
        return FoundPictures(found)

    async def close(self) -> None:
        """Close the connections to media."""
        await self._media.close()
