"""Uploads through the worker's checker and a real decode child, without engines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from services.media.settings import MediaSettings
from services.media.worker.decoder import DecodeLimits
from services.media.worker.decoders import Decoders
from services.media.worker.upload_checker import CheckedUpload, OriginalTexts, UploadChecker
from shared.errors import Problem
from tests.support.folder_objects import FolderObjects


class UploadBench:
    """A checker with one child, and its store."""

    def __init__(self, folder: Path, settings: MediaSettings) -> None:
        seconds = settings.media_decode_s
        limits = DecodeLimits(settings.media_decode_memory_mb, seconds, 4.0 * seconds, 0)
        self.decoders = Decoders(limits, count=1, wait_s=120, most_waiting=100)
        self.objects = FolderObjects(folder)
        self._checker = UploadChecker(self.objects, self.decoders, settings)

    async def decoder_pid(self) -> int:
        """The process id of the child that takes the next job."""
        async with self.decoders.one() as decoder:
            return decoder.pid

    async def check(self, data: bytes, texts: OriginalTexts | None = None) -> tuple[CheckedUpload, bytes]:
        """Upload and check; the facts and the original. Raises Problem."""
        key = f"staging/{uuid4().hex}"

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        await self.objects.put(key, "application/octet-stream", chunks())
        found = await self._checker.check(key, f"{key}.original", texts or OriginalTexts())
        return found, b"".join([chunk async for chunk in self.objects.read(f"{key}.original")])

    async def refusal(self, data: bytes) -> Problem:
        """Upload a file that must be refused; the problem. Nothing is stored beside the upload."""
        before = {key async for key in self.objects.keys("")}
        try:
            found, _ = await self.check(data)
        except Problem as problem:
            added = {key async for key in self.objects.keys("")} - before
            assert len(added) == 1, f"stored: {added}"
            return problem
        raise AssertionError(f"accepted: {found}")


@asynccontextmanager
async def upload_bench(folder: Path, settings: MediaSettings | None = None) -> AsyncIterator[UploadBench]:
    """A bench; its child ends with the block."""
    bench = UploadBench(folder, settings or MediaSettings())
    try:
        yield bench
    finally:
        await bench.decoders.close()
