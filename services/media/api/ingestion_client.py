"""Calls of ingestion, which knows the articles that use a picture."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import aiohttp
import orjson
import structlog
from pydantic import BaseModel, ValidationError

from services.media.api.contract import PictureUse
from shared.errors import Unavailable
from shared.pictures import PictureRecord

_log = structlog.get_logger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=8.0, connect=2.0)
# Ingestion answers when every article that uses the picture is published again.
_ANNOUNCE_TIMEOUT = aiohttp.ClientTimeout(total=60.0, connect=2.0)
MOST_IDS = 100

Model = TypeVar("Model", bound=BaseModel)


class _Uses(BaseModel):
    uses: dict[str, list[PictureUse]]


class _OwnUses(BaseModel):
    uses: list[PictureUse]


class IngestionClient:
    """Asks ingestion's processes, the next one where one does not answer. Raises Unavailable when none does."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._http = aiohttp.ClientSession(timeout=_TIMEOUT)

    async def announce(self, record: PictureRecord) -> None:
        """Tell a picture's present version; returns when its articles show it."""
        body = record.model_dump_json().encode()
        await self._ask("POST", "/internal/pictures", body, statuses=(200,), timeout=_ANNOUNCE_TIMEOUT)

    async def uses(self, picture_ids: Sequence[str]) -> Mapping[str, Sequence[PictureUse]]:
        """The articles that use each of these pictures, MOST_IDS at most."""
        if not picture_ids:
            return {}
        body = orjson.dumps({"ids": list(picture_ids)})
        _, answer = await self._ask("POST", "/internal/pictures/uses", body, statuses=(200,))
        found = _read(_Uses, answer).uses
        return {picture_id: found.get(picture_id, []) for picture_id in picture_ids}

    async def forget(self, picture_id: str) -> Sequence[PictureUse]:
        """Have ingestion drop its copy, so that no article can take the picture up any more. Returns the uses that forbid it."""
        status, answer = await self._ask("DELETE", f"/internal/pictures/{picture_id}", b"", statuses=(204, 409))
        return _read(_OwnUses, answer).uses if status == 409 else ()

    async def _ask(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        statuses: Sequence[int],
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"} if body else {}
        for url in self._urls:
            try:
                async with self._http.request(
                    method, f"{url}{path}", data=body, headers=headers, timeout=timeout
                ) as response:
                    answer = await response.read()
                    if response.status in statuses:
                        return response.status, answer
                    _log.warning("ingestion.refuses", url=url, path=path, status=response.status)
            except (aiohttp.ClientError, TimeoutError) as error:
                _log.warning("ingestion.unreachable", url=url, path=path, reason=repr(error))
        raise Unavailable("no instance of ingestion answers about pictures")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _read(model: type[Model], answer: bytes) -> Model:
    try:
        return model.model_validate_json(answer)
    except ValidationError as error:
        raise Unavailable(f"ingestion's answer about pictures cannot be read: {error}") from error
