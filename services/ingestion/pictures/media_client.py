"""Asks media for pictures that it has not announced yet: an editor may use one in the moment of its upload."""

from collections.abc import Sequence

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from services.ingestion.pictures.records import has_sound_names
from shared.errors import Unavailable
from shared.pictures import PictureRecord

_log = structlog.get_logger(__name__)

# A save waits for the answer.
_TIMEOUT_S = 2.0
# As many as media answers at once.
MOST_IDS = 100


class _Pictures(BaseModel):
    """The answer of `GET /internal/pictures`."""

    items: tuple[PictureRecord, ...]


class MediaClient:
    """Asks media's instances in turn. Without one it knows no pictures beyond those that were announced."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = list(urls)
        self._http: aiohttp.ClientSession | None = None

    async def find(self, ids: Sequence[str]) -> dict[str, PictureRecord]:
        """The pictures of these ids, at most MOST_IDS; unknown ids are left out. Raises Unavailable when no instance answers."""
        for url in tuple(self._urls):
            try:
                return await self._ask(url, ids)
            except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
                _log.warning("media.unreachable", url=url, reason=repr(error))
                # The next request starts with another instance; another request may have seen to it meanwhile.
                if self._urls[0] == url:
                    self._urls.append(self._urls.pop(0))
        raise Unavailable("no instance of media can say whether it has the picture")

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def _ask(self, url: str, ids: Sequence[str]) -> dict[str, PictureRecord]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        async with self._http.get(f"{url}/internal/pictures", params={"ids": ",".join(ids)}) as response:
            response.raise_for_status()
            found = _Pictures.model_validate_json(await response.read())
        return {record.id: record for record in found.items if record.id in ids and has_sound_names(record)}
