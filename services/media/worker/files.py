"""Files between the store and decode children: fetched into a folder of the job, stored from there."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.media.objects import Objects
from services.media.worker.kinds import HEAD_BYTES
from shared.errors import Problem

_CHUNK_BYTES = 255 * 1024


@contextmanager
def job_folder() -> Iterator[Path]:
    """A folder for the files of one job, removed at its end."""
    with TemporaryDirectory(prefix="wm-media-") as folder:
        yield Path(folder)


async def fetch(objects: Objects, key: str, path: Path, *, most_bytes: int) -> bytes:
    """Copy an object into a file, and return its head. Raises NotFound, Unavailable, or Problem 413."""
    size = 0
    with path.open("wb") as file:
        async for chunk in objects.read(key):
            size += len(chunk)
            if size > most_bytes:
                raise Problem(413, f"The file has more than {most_bytes:,} bytes.")
            file.write(chunk)
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


async def store(objects: Objects, path: Path, key: str, content_type: str) -> int:
    """Store a file that a child wrote; returns its size. Raises Unavailable."""
    return await objects.put(key, content_type, _chunks(path))


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
