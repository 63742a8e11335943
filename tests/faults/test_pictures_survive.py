"""An acknowledged picture is in the store, whole, whichever process is killed; of a half upload nothing stays."""

import asyncio
import hashlib
import io
import time
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from PIL import Image

from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

VICTIMS = [("media", 1), ("media-worker", 1), ("mongo", 1)]
TOO_FEW = 3
EXTRA_TIME_S = 60.0


def draw(number: int) -> bytes:
    """A picture that differs from every other one, large enough to arrive in parts."""
    picture = Image.effect_noise((480, 320), 60 + number % 40).convert("RGB")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@dataclass
class Uploader:
    """Uploads one picture after another. Keeps the hashes of acknowledged uploads by id."""

    platform: Platform
    acknowledged: dict[str, str] = field(default_factory=dict)
    sent: int = 0

    async def work(self, until: float) -> None:
        while (now := time.monotonic()) < until or (len(self.acknowledged) <= TOO_FEW and now < until + EXTRA_TIME_S):
            with suppress(aiohttp.ClientError, TimeoutError):
                await self._upload()
            await asyncio.sleep(0.05)

    async def _upload(self) -> None:
        self.sent += 1
        data = await asyncio.to_thread(draw, self.sent)
        form = aiohttp.FormData({"alt": f"Noise {self.sent}"})
        form.add_field("file", data, filename="noise.png")
        url = f"{self.platform.edge}/v1/media"
        async with self.platform.http.post(url, data=form, headers=self.platform.editor) as answer:
            if answer.status in (200, 201):
                picture = await answer.json()
                assert picture["sha256"] == hashlib.sha256(data).hexdigest()
                self.acknowledged[picture["id"]] = picture["sha256"]
