"""The list of pictures, from memory: the embedded MongoDB would read every document for each search (docs/ARCHITECTURE.md 4.13)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from services.media.api.contract import PictureUse
from services.media.api.ingestion_client import MOST_IDS, IngestionClient
from services.media.records import Picture
from services.media.store import PictureStore
from shared.text import fold

# Changes that are committed late, and clocks that differ.
_OVERLAP = timedelta(seconds=30)
# Questions to ingestion for one page of unused pictures; a page may then be shorter than its limit.
_MOST_QUESTIONS = 10


@dataclass(frozen=True)
class Wanted:
    """A question: words that all must occur, and filters. `before`: the id of the last picture of the previous page."""

    words: Sequence[str]
    unused: bool
    missing_alt: bool
    created_by: str | None
    before: str | None
    limit: int


@dataclass(frozen=True)
class PicturePage:
    """Pictures, newest first, with the uses of each; `next_before` continues, None at the end."""

    pictures: Sequence[Picture]
    uses: Mapping[str, Sequence[PictureUse]]
    next_before: str | None


@dataclass(frozen=True)
class _Row:
    id: str
    text: str
    created_by: str
    is_missing_alt: bool
    is_deleted: bool


class Catalogue:
    """One row in memory for each picture, brought up to date at each question."""

    def __init__(self, pictures: PictureStore, ingestion: IngestionClient) -> None:
        self._pictures = pictures
        self._ingestion = ingestion
        self._rows: dict[str, _Row] = {}
        self._newest_first: list[str] = []
        self._read_up_to: datetime | None = None
        self._lock = asyncio.Lock()

    async def page(self, wanted: Wanted) -> PicturePage:
        """One page of the pictures that fit."""
        await self._refresh()
        fitting = self._fitting(wanted)
        found: list[str] = []
        uses: dict[str, Sequence[PictureUse]] = {}
        last: str | None = None
        for _ in range(_MOST_QUESTIONS if wanted.unused else 1):
            ids = [row.id for row in islice(fitting, MOST_IDS if wanted.unused else wanted.limit)]
            asked = await self._ingestion.uses(ids)
            for picture_id in ids:
                if len(found) == wanted.limit:
                    break
                last = picture_id
                if not (wanted.unused and asked[picture_id]):
                    found.append(picture_id)
                    uses[picture_id] = asked[picture_id]
            if not ids or len(found) == wanted.limit:
                break
        has_more = last is not None and any(True for _ in self._fitting(wanted, before=last))
        return PicturePage(await self._read(found), uses, last if has_more else None)

    def _fitting(self, wanted: Wanted, *, before: str | None = None) -> Iterator[_Row]:
        before = before or wanted.before
        for picture_id in tuple(self._newest_first):
            row = self._rows.get(picture_id)
            if row is not None and (before is None or picture_id < before) and _fits(row, wanted):
                yield row

    async def _read(self, picture_ids: Sequence[str]) -> Sequence[Picture]:
        pictures = await self._pictures.by_ids(picture_ids)
        for picture_id in picture_ids:
            if picture_id not in pictures:
                self._rows.pop(picture_id, None)  # deleted by another process
        return [pictures[picture_id] for picture_id in picture_ids if picture_id in pictures]

    async def _refresh(self) -> None:
        async with self._lock:
            changed = await self._pictures.changed_since(self._read_up_to)
            for picture in changed:
                self._rows[picture.id] = _row(picture)
            if changed:
                self._read_up_to = max(picture.updated_at for picture in changed) - _OVERLAP
                self._newest_first = sorted(self._rows, reverse=True)


def _row(picture: Picture) -> _Row:
    return _Row(
        id=picture.id,
        text=fold("\n".join((picture.alt, picture.caption, picture.credit, picture.file_name))),
        created_by=picture.created_by.id,
        is_missing_alt=not picture.alt and not picture.decorative,
        is_deleted=picture.deleted_at is not None,
    )


def _fits(row: _Row, wanted: Wanted) -> bool:
    return (
        not row.is_deleted
        and all(word in row.text for word in wanted.words)
        and (not wanted.missing_alt or row.is_missing_alt)
        and (wanted.created_by is None or row.created_by == wanted.created_by)
    )
