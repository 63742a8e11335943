"""The store of files: immutable objects by key, `{folder}/{file name}` or `staging/{id}`.

`gridfs_store.py` keeps them in MongoDB, `bucket_store.py` in an S3-compatible store.
"""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from shared.errors import WorldMonitorError

# Under this prefix are files of requests in progress. What follows it starts with a ULID, hence with a time.
STAGING = "staging/"
# The bytes of a picture as they came. Private: never served.
UPLOAD = "upload"


class NotFound(WorldMonitorError):
    """There is no object with this key."""


@dataclass(frozen=True)
class ObjectFacts:
    """The size and the content type of an object."""

    size_bytes: int
    content_type: str


class Objects(Protocol):
    """A store of files. Every method raises Unavailable when the store does not answer."""

    async def prepare(self) -> None:
        """Create what is missing in the store."""

    async def put(self, key: str, content_type: str, chunks: AsyncIterable[bytes]) -> int:
        """Store an object, whole or not at all; returns its size. A key that exists stays as it is."""

    async def stat(self, key: str) -> ObjectFacts | None:
        """The object's facts, None when there is none."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` on, `length` at most. Raises NotFound."""

    async def move(self, source: str, target: str) -> None:
        """Give an object another key. Where `target` exists it stays, and `source` is deleted. Raises NotFound."""

    async def delete(self, key: str) -> None:
        """Delete an object, if there is one."""

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """The keys of a folder: `prefix` is empty or ends with a slash."""

    async def sweep(self) -> None:
        """Delete remains of `put` calls whose process died."""

    async def close(self) -> None:
        """Close the connections."""
