"""A desk with the whole of media behind it: ingestion, the api and the worker, all in this process."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from aiohttp import FormData
from aiohttp.test_utils import TestServer
from PIL import Image

from services.ingestion.settings import IngestionSettings
from services.media.api.wiring import create_api
from services.media.settings import MediaSettings
from services.media.worker.wiring import create_worker
from tests.support.desk import DeskClient, open_desk
from tests.support.ingestion import Json, running_ingestion
from tests.support.ports import free_port


def draw_picture(color: str, size: tuple[int, int] = (1200, 800), format: str = "JPEG") -> bytes:
    """A picture file of one colour with a light square in its upper left quarter."""
    picture = Image.new("RGB", size, color)
    picture.paste("#ffeecc", (size[0] // 8, size[1] // 8, size[0] * 3 // 8, size[1] * 3 // 8))
    held = io.BytesIO()
    picture.save(held, format)
    return held.getvalue()


@dataclass(frozen=True)
class PictureDesk:
    """An editor's browser at the desk, and media's address. `away_url` is another api, whose worker does not answer."""

    desk: DeskClient
    media_url: str
    away_url: str

    async def add(self, file: bytes, file_name: str, **texts: str) -> Json:
        """Upload a picture by the API; its answer."""
        form = FormData(texts)
        form.add_field("file", file, filename=file_name, content_type="application/octet-stream")
        async with self.desk.client.session.post(
            f"{self.media_url}/v1/media", data=form, headers=self._headers
        ) as answer:
            assert answer.status in (200, 201), await answer.text()
            found: Json = await answer.json()
            return found

    async def picture(self, picture_id: object) -> Json:
        """A picture as it is now."""
        path = f"{self.media_url}/v1/media/{picture_id}"
        async with self.desk.client.session.get(path, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            found: Json = await answer.json()
            return found

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.desk.session}"}


@asynccontextmanager
async def running_picture_desk(
    kafka: str, mongo: str, folder: Path, *, is_embedded: bool, **desk: object
) -> AsyncIterator[PictureDesk]:
    """Run them for the length of a block. `desk` are the desk's settings."""
    # Ingestion and media ask each other.
    port, database = free_port(), f"test_{uuid4().hex[:12]}"
    url = f"http://127.0.0.1:{port}"
    settings = IngestionSettings(
        kafka=kafka, mongo=mongo, kafka_idempotence=not is_embedded, ingestion_database=f"{database}_i", media=url
    )
    async with running_ingestion(settings, folder) as ingestion:
        given = {"mongo": mongo, "ingestion": str(ingestion.client.make_url("")), "media_decoders": 1}
        worker = TestServer(create_worker(MediaSettings.model_validate(given), database=database))
        async with worker, open_desk(ingestion, media=url, **desk) as opened:
            known = MediaSettings.model_validate({**given, "media_worker": str(worker.make_url(""))})
            lost = MediaSettings.model_validate({**given, "media_worker": "http://127.0.0.1:9"})
            away = TestServer(create_api(lost, database=database))
            async with TestServer(create_api(known, database=database), port=port), away:
                editor = await opened.as_role("editor")
                yield PictureDesk(editor, url, str(away.make_url("")).rstrip("/"))
