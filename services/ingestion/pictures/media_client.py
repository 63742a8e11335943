"""Asks media for pictures that it has not announced yet: an editor may use one in the moment of its upload."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.ingestion.pictures.records import has_sound_names
from shared.http.instances import Answer, Instances
from shared.pictures import PictureRecord

# A save waits for the answer.
_WAIT_S = 2.0
# As many as media answers at once.
MOST_IDS = 100


class _Pictures(BaseModel):
    """The answer of `GET /internal/pictures`."""

    items: tuple[PictureRecord, ...]


class MediaClient:
    """Asks media's instances in turn. Without one it knows no pictures beyond those that were announced."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._media = Instances("media", urls, _WAIT_S)

    async def find(self, ids: Sequence[str]) -> dict[str, PictureRecord]:
        """The pictures of these ids, at most MOST_IDS; unknown ids are left out. Raises Unavailable when no instance answers."""
        found = await self._media.ask("GET", "/internal/pictures", _read, params={"ids": ",".join(ids)})
        return {record.id: record for record in found.items if record.id in ids and has_sound_names(record)}

    async def close(self) -> None:
        """Close the connections."""
        await self._media.close()


def _read(answer: Answer) -> _Pictures:
    return _Pictures.model_validate_json(answer.expect(200).body)
