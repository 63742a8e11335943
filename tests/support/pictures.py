"""Records of pictures, and a small media that answers about them, for tests of ingestion."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.ids import new_id
from shared.pictures import PictureFacts, PictureRecord, original_name


def a_record(picture_id: str = "", version: int = 1, stamp: str = "0a1b2c3d", **fields: object) -> PictureRecord:
    """The record of a picture of 2000 by 1000 pixels."""
    made_id = picture_id or new_id()
    facts = PictureFacts(
        id=made_id,
        folder="0123456789abcdef",
        stamp=stamp,
        width=2000,
        height=1000,
        original=original_name(stamp, has_alpha=False),
        size_bytes=123_456,
        color="#1060f0",
    )
    texts: dict[str, object] = {"alt": "A ferry", "caption": "The ferry at noon", "credit": "Ines Halloran"}
    return PictureRecord.model_validate({"id": made_id, "version": version, "facts": facts} | texts | fields)


@dataclass
class MediaStandIn:
    """What the small media knows, and what it was asked. `is_down`: it answers nothing but errors."""

    records: dict[str, PictureRecord] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_down: bool = False
    url: str = ""

    def add(self, **fields: object) -> PictureRecord:
        """A new picture, which nobody has announced."""
        record = a_record(**fields)  # type: ignore[arg-type]  # the record's own fields
        self.records[record.id] = record
        return record

    async def answer(self, request: web.Request) -> web.Response:
        """Answer `GET /internal/pictures`."""
        if self.is_down:
            raise web.HTTPServiceUnavailable
        ids = request.query["ids"].split(",")
        self.asked += ids
        found = [self.records[name].model_dump(mode="json") for name in ids if name in self.records]
        return web.json_response({"items": found})


@asynccontextmanager
async def media_stand_in() -> AsyncIterator[MediaStandIn]:
    """A running media with the routes that ingestion asks."""
    media = MediaStandIn()
    app = web.Application()
    app.router.add_get("/internal/pictures", media.answer)
    async with TestServer(app) as server:
        media.url = str(server.make_url("")).rstrip("/")
        yield media
