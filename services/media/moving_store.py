"""Two stores as one, while files move from the former to the present one: readers notice nothing."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from services.media.objects import NotFound, ObjectFacts, Objects


@dataclass(frozen=True)
class MovingStore:
    """Writes go to `present`; reads try it first, then `former`; deletions concern both."""

    present: Objects
    former: Objects

    async def prepare(self) -> None:
        """Prepare both."""
        await self.present.prepare()
        await self.former.prepare()

    async def put(self, key: str, content_type: str, chunks: AsyncIterable[bytes]) -> int:
        """Write to the present store, unless one of them has the key."""
        known = await self.stat(key)
        return await self.present.put(key, content_type, chunks) if known is None else known.size_bytes

    async def stat(self, key: str) -> ObjectFacts | None:
        """The facts in the store that has it. A file that moves meanwhile is in the present one when asked again."""
        for store in (self.present, self.former, self.present):
            found = await store.stat(key)
            if found is not None:
                return found
        return None

    async def read(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Read from the store that has it. A file that leaves the former store meanwhile is read on in the present one."""
        done = 0
        for store in (self.present, self.former, self.present):
            try:
                async for data in store.read(key, start + done, None if length is None else length - done):
                    done += len(data)
                    yield data
                return
            except NotFound:
                continue
        raise NotFound(key)

    async def move(self, source: str, target: str) -> None:
        """Move within the present store; a file of the former one comes over first."""
        if await self.stat(target) is None:
            await self.bring(source)
            await self.present.move(source, target)
        await self.delete(source)

    async def bring(self, key: str) -> int:
        """Copy a file from the former store to the present one, then delete it there; returns its size. Raises NotFound."""
        facts = await self.former.stat(key)
        if facts is None:
            present = await self.present.stat(key)
            if present is None:
                raise NotFound(key)
            return 0
        await self.present.put(key, facts.content_type, self.former.read(key))
        await self.former.delete(key)
        return facts.size_bytes

    async def delete(self, key: str) -> None:
        """Delete the file in both."""
        await self.present.delete(key)
        await self.former.delete(key)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """The keys of both, each once."""
        seen = {key async for key in self.present.keys(prefix)}
        for key in seen:
            yield key
        async for key in self.former.keys(prefix):
            if key not in seen:
                yield key

    async def sweep(self) -> None:
        """Sweep both."""
        await self.present.sweep()
        await self.former.sweep()

    async def close(self) -> None:
        """Close both."""
        await self.present.close()
        await self.former.close()
