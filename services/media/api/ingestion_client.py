"""Calls of ingestion, which knows the articles that use a picture."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from services.media.api.contract import PictureUse
from shared.http.instances import Answer, Instances
from shared.pictures import PictureRecord

_WAIT_S = 8.0
# Ingestion answers when every article that uses the picture is published again.
_ANNOUNCE_WAIT_S = 60.0
MOST_IDS = 100


class _Uses(BaseModel):
    uses: dict[str, list[PictureUse]]


class _OwnUses(BaseModel):
    uses: list[PictureUse]


class IngestionClient:
    """Asks ingestion's processes, the next one where one does not answer. Raises Unavailable when none does."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._ingestion = Instances("ingestion", urls, _WAIT_S)

    async def announce(self, record: PictureRecord) -> None:
        """Tell a picture's present version; returns when its articles show it."""
        sent = record.model_dump(mode="json")
        await self._ingestion.ask(
            "POST", "/internal/pictures", lambda answer: answer.expect(200), json=sent, wait_s=_ANNOUNCE_WAIT_S
        )

    async def uses(self, picture_ids: Sequence[str]) -> Mapping[str, Sequence[PictureUse]]:
        """The articles that use each of these pictures, MOST_IDS at most."""
        if not picture_ids:
            return {}
        sent = {"ids": list(picture_ids)}
        found = await self._ingestion.ask("POST", "/internal/pictures/uses", _read_uses, json=sent)
        return {picture_id: found.get(picture_id, []) for picture_id in picture_ids}

    async def forget(self, picture_id: str) -> Sequence[PictureUse]:
        """Have ingestion drop its copy, so that no article can take the picture up any more. Returns the uses that forbid it."""
        return await self._ingestion.ask("DELETE", f"/internal/pictures/{picture_id}", _read_forbidding)

    async def close(self) -> None:
        """Close the connections."""
        await self._ingestion.close()


def _read_uses(answer: Answer) -> Mapping[str, Sequence[PictureUse]]:
    return _Uses.model_validate_json(answer.expect(200).body).uses


def _read_forbidding(answer: Answer) -> Sequence[PictureUse]:
    return _OwnUses.model_validate_json(answer.body).uses if answer.expect(204, 409).status == 409 else ()
