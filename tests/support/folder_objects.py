"""A store of files in a folder, for tests that need no engine."""

from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

from services.media.objects import NotFound, ObjectFacts


class FolderObjects:
    """Each object is a file; its content type is in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._types: dict[str, str] = {}

    async def prepare(self) -> None:
        """The folder is there."""

    async def put(self, key: str, content_type: str, chunks: AsyncIterable[bytes]) -> int:
        """Write a file, unless it exists."""
        path = self._folder / key
        if not path.exists():
            data = b"".join([chunk async for chunk in chunks])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            self._types[key] = content_type
        return path.stat().st_size

    async def stat(self, key: str) -> ObjectFacts | None:
        """The file's facts."""
        path = self._folder / key
        return ObjectFacts(path.stat().st_size, self._types[key]) if path.exists() else None

    async def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The file's bytes at once."""
        path = self._folder / key
        if not path.exists():
            raise NotFound(key)
        yield path.read_bytes()[start : None if length is None else start + length]

    async def move(self, source: str, target: str) -> None:
        """Rename a file."""
        (self._folder / source).rename(self._folder / target)
        self._types[target] = self._types.pop(source)

    async def delete(self, key: str) -> None:
        """Delete a file."""
        (self._folder / key).unlink(missing_ok=True)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """The files of a folder."""
        for path in sorted(self._folder.rglob("*")):
            key = str(path.relative_to(self._folder))
            if path.is_file() and key.startswith(prefix):
                yield key

    async def sweep(self) -> None:
        """Nothing is ever half written."""

    async def close(self) -> None:
        """Nothing is open."""
