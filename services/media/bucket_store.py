"""Objects in an S3-compatible store, by obstore."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

from services.media.objects import NotFound, ObjectFacts
from services.media.settings import MediaSettings
from shared.errors import SettingsError, Unavailable
from shared.pictures import CONTENT_TYPES

_READ_BYTES = 1024 * 1024
# Parts of one upload, of 5 MiB each, that are in memory at once.
_PARTS_AT_ONCE = 1
_UNKNOWN_TYPE = "application/octet-stream"


class BucketStore:
    """One object of the store for each key.

    Parts of an upload that was broken off are known to the store alone: a life-cycle rule of the bucket should end them.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def prepare(self) -> None:
        """Do nothing: the bucket exists, or every call fails."""

    async def put(self, key: str, content_type: str, chunks: AsyncIterable[bytes]) -> int:
        """Send the object in parts; the last request makes it visible, whole."""
        known = await self.stat(key)
        if known is not None:
            return known.size_bytes
        size = 0
        fault: BaseException | None = None

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size, fault
            try:
                async for data in chunks:
                    size += len(data)
                    yield data
            except BaseException as error:
                fault = error
                raise

        try:
            await obstore.put_async(
                self._store,
                key,
                counted(),
                attributes={"Content-Type": content_type},
                max_concurrency=_PARTS_AT_ONCE,
            )
        except BaseException as error:
            # obstore wraps what the chunks raised.
            if fault is not None:
                raise fault from None
            if isinstance(error, BaseError):
                raise _unavailable("put", error) from error
            raise
        return size

    async def stat(self, key: str) -> ObjectFacts | None:
        """The size that the store knows, and the type of the key's ending: not every store keeps content types."""
        try:
            found = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _unavailable("head", error) from error
        return ObjectFacts(found["size"], CONTENT_TYPES.get(key.rpartition(".")[2], _UNKNOWN_TYPE))

    async def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Stream the object. Raises NotFound."""
        facts = await self.stat(key)
        if facts is None:
            raise NotFound(key)
        end = facts.size_bytes if length is None else min(facts.size_bytes, start + length)
        if start >= end:
            return
        try:
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for data in found.stream(min_chunk_size=_READ_BYTES):
                yield bytes(data)
        except FileNotFoundError as error:
            raise NotFound(key) from error
        except BaseError as error:
            raise _unavailable("get", error) from error

    async def move(self, source: str, target: str) -> None:
        """Copy within the store, then delete."""
        try:
            if await self.stat(target) is None:
                await obstore.copy_async(self._store, source, target)
        except FileNotFoundError as error:
            raise NotFound(source) from error
        except BaseError as error:
            raise _unavailable("copy", error) from error
        await self.delete(source)

    async def delete(self, key: str) -> None:
        """Delete the object."""
        try:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, key)
        except BaseError as error:
            raise _unavailable("delete", error) from error

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """The keys of a folder, a page of the store's list at a time."""
        try:
            async for page in obstore.list(self._store, prefix or None):
                for found in page:
                    yield found["path"]
        except BaseError as error:
            raise _unavailable("list", error) from error

    async def sweep(self) -> None:
        """Do nothing: an upload that broke off is no object."""

    async def close(self) -> None:
        """Do nothing: connections end with the process."""


def open_bucket(url: str, settings: MediaSettings) -> BucketStore:
    """The store of a URL `s3://bucket/prefix`. Without a key in the settings, obstore finds the machine's own role."""
    bucket, _, prefix = url.removeprefix("s3://").strip("/").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise SettingsError(f"WM_MEDIA_STORE: {url} is not s3://bucket/prefix")
    options = {
        "endpoint": settings.media_store_endpoint,
        "region": settings.media_store_region,
        "access_key_id": settings.media_store_key,
        "secret_access_key": settings.media_store_secret(),
    }
    is_plain = settings.media_store_endpoint.startswith("http://")
    store = S3Store(
        bucket,
        prefix=prefix or None,
        config={name: text for name, text in options.items() if text},  # type: ignore[arg-type]  # names of S3Config
        client_options={"allow_http": is_plain, "timeout": "60s", "connect_timeout": "3s"},
        retry_config={"max_retries": 3},
    )
    return BucketStore(store)


def _unavailable(what: str, error: Exception) -> Unavailable:
    return Unavailable(f"the store of pictures: {what}: {error!r}"[:500])
