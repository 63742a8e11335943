"""Pictures a minute whose variants media-worker makes, against pyvips alone in one process.

`python -m tests.bench.variants FOLDER` is the reference: it makes the same files of each original in the folder, in memory.
"""

import asyncio
import io
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from PIL import Image

from services.media.gridfs_store import GridFsStore
from services.media.records import Picture
from services.media.store import Store
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.pictures import all_variants, crop_box
from tests.bench.engines import running_engines
from tests.bench.load import ROOT
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.support.media_worker import waiting_picture
from tests.support.polling import eventually
from tests.support.ports import free_port

PICTURES = 2
ROUNDS = 3
SIZE = (2560, 1707)
BAR = 0.8


def photograph(seed: int) -> bytes:
    """A JPEG with soft forms and grain, as in a photograph."""
    bands = [
        Image.effect_noise((40 + 8 * seed, 30), 90).resize(SIZE, Image.Resampling.BICUBIC),
        Image.effect_noise((160, 100 + seed), 60).resize(SIZE, Image.Resampling.BICUBIC),
        Image.blend(Image.effect_noise(SIZE, 30), Image.linear_gradient("L").resize(SIZE), 0.8),
    ]
    out = io.BytesIO()
    Image.merge("RGB", bands).save(out, "jpeg", quality=90)
    return out.getvalue()


class _WorkerSide:
    """The store and the worker under measure."""

    def __init__(self, mongo: str, port: int, originals: Sequence[bytes]) -> None:
        self.store = Store(Mongo(mongo))
        self._objects = GridFsStore(self.store.database)
        self._url = f"http://127.0.0.1:{port}/internal/wake"
        self._originals = originals

    async def rate(self) -> float:
        """Pictures a minute, from the commit of all documents to the last variant in the store."""
        pictures = [waiting_picture(original) for original in self._originals]
        for picture, original in zip(pictures, self._originals, strict=True):
            await self._objects.put(f"{picture.folder}/{picture.facts.original}", "image/jpeg", _chunks(original))
        for picture in pictures:
            await self.store.mongo.transaction(partial(self._add, picture))
        began = time.perf_counter()
        async with aiohttp.ClientSession() as http, http.post(self._url) as answer:
            answer.raise_for_status()
        await eventually(self._is_done, within_s=600, every_s=0.05, what="all variants are made")
        return 60 * len(pictures) / (time.perf_counter() - began)

    async def _add(self, picture: Picture, session: Session) -> None:
        await self.store.pictures.add(picture, session)

    async def _is_done(self) -> bool:
        return await self.store.pictures.count_waiting() == 0


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def measure_variants() -> Measure:
    """The worker with its usual two decoders, store included."""
    originals = [photograph(seed) for seed in range(PICTURES)]
    port = free_port()
    with running_engines() as environment, TemporaryDirectory() as folder:
        for number, original in enumerate(originals):
            (Path(folder) / f"{number}.jpg").write_bytes(original)
        async with running_process([sys.executable, "-m", "services.media", "worker"], environment, port):
            side = _WorkerSide(environment["WM_MONGO"], port, originals)
            await side.rate()
            ours, reference = await in_turns(side.rate, lambda: _bare_rate(folder), ROUNDS)
            side.store.mongo.close()
    return Measure("variants", ours, reference, unit="pictures/min", bar=BAR)


async def _bare_rate(folder: str) -> float:
    command = [sys.executable, "-m", "tests.bench.variants", folder]
    found = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, timeout=600, check=True)
    return float(found.stdout)


def make_bare(folder: Path) -> float:
    """Make all variants of the folder's pictures with pyvips and its usual threads; pictures a minute, without the imports."""
    import pyvips

    savers: Mapping[str, Callable[[pyvips.Image], bytes]] = {
        "jpg": lambda image: image.jpegsave_buffer(Q=80, optimize_coding=True, interlace=True, keep="none"),
        "webp": lambda image: image.webpsave_buffer(Q=78, effort=4, keep="none"),
        "avif": lambda image: image.heifsave_buffer(compression="av1", Q=52, effort=2, keep="none"),
    }
    files = sorted(folder.glob("*.jpg"))
    began = time.perf_counter()
    for file in files:
        facts = waiting_picture(file.read_bytes()).facts
        original = pyvips.Image.new_from_file(str(file)).copy_memory()
        cuts: dict[tuple[str, int], pyvips.Image] = {}
        for variant in all_variants(facts):
            key = (variant.name.shape, variant.width)
            if key not in cuts:
                box = crop_box(facts, variant.name.shape)
                part = original.crop(box.left, box.top, box.width, box.height)
                resized = part.thumbnail_image(variant.width, height=variant.height, size="force")
                cuts[key] = resized.copy_memory()
            savers[variant.name.format](cuts[key])
    return 60 * len(files) / (time.perf_counter() - began)


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"variants": measure_variants}

if __name__ == "__main__":
    print(make_bare(Path(sys.argv[1])))
