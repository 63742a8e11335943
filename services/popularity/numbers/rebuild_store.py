"""Counts that are built beside the live ones, under `popularity:{p3}:rebuild:`. Cards and sketches are the live ones."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.commands.core import AsyncScript

from services.popularity.model.chunks import ADJUSTED, Chunk
from services.popularity.model.rules import SPANS, horizon
from services.popularity.model.store import Applied, Counts, Store, card_key
from services.popularity.numbers.live_store import base
from services.popularity.numbers.rules import Hours
from shared import topics
from shared.errors import Unavailable
from shared.events import WINDOWS, Window
from shared.redis import available

REBUILD = "rebuild:"
_WINDOWS = " ".join(WINDOWS)
_AT_ONCE = 500
_COPIED_FIELDS = ("log", "epoch", "landmark", "half_life")
# A view of an hour counts for a trend as if it came in the hour's middle.
_HALF_AN_HOUR = 30

Caught = Literal["OK", "BEHIND", "AHEAD", "LOG", "NONE", "RETIRED"]


class RebuildStore:
    """The counts of a rebuild. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, redis: Redis, counts: Counts) -> None:
        self._redis = redis
        self._counts = counts
        self._beside = Store(redis, counts, beside=REBUILD)
        self._switch, self._freeze = (
            redis.register_script(Path(__file__).with_name(f"{name}.lua").read_text())
            for name in ("switch_counts", "freeze_counts")
        )

    async def begin(self, partition: int, position: int) -> tuple[str, int]:
        """Start anew at a position of the live log; returns the log's id and epoch. Raises Unavailable without live counts."""
        await self.drop(partition)
        async with available("rebuild"):
            live = _texts(await self._redis.hgetall(self._state(partition)))
            if "log" not in live:
                raise Unavailable(f"no counter has begun with partition {partition} of {topics.VIEWS.name}")
            fields = {name: live[name] for name in live if name in _COPIED_FIELDS or name.startswith("retired:")}
            fields |= {"next": str(position), "fingerprint": ""}
            await self._redis.hset(
                f"{base(partition)}{REBUILD}state", items=[part for pair in fields.items() for part in pair]
            )
        return live["log"], int(live.get("epoch", "0"))

    async def position(self, partition: int) -> int:
        """The position of the rebuild."""
        return (await self._beside.state(topics.VIEWS.name, partition)).position

    async def live_position(self, partition: int) -> int:
        """The position of the live counts."""
        async with available("position"):
            return int(await self._redis.hget(self._state(partition), "next") or 0)

    async def add(self, partition: int, rows: Sequence[tuple[str, Hours]]) -> None:
        """Add rolled-up hours of articles to the sums, buckets and trends."""
        async with available("rebuild"):
            state = _texts(await self._redis.hgetall(f"{base(partition)}{REBUILD}state"))
            places = await self._places([article for article, _ in rows])
            pipeline = self._redis.pipeline(transaction=False)
            for article, hours in rows:
                for start, classes in hours.items():
                    self._add_hour(pipeline, partition, state, (article, places[article]), start, classes)
            await pipeline.execute()

    def _add_hour(
        self,
        pipeline: Pipeline,
        partition: int,
        state: Mapping[str, str],
        article: tuple[str, bool],
        start: int,
        classes: Mapping[str, int],
    ) -> None:
        name, ranks = article
        key, views = f"{base(partition)}{REBUILD}", sum(classes.values())
        sums = f"{key}{'sum' if ranks else 'aside'}:"
        pipeline.zincrby(f"{sums}all", views, name)
        for span in SPANS:
            bucket = start - start % span.bucket
            if bucket >= int(state.get(f"retired:{span.window}", "0")):
                pipeline.zincrby(f"{sums}{span.window}", views, name)
                pipeline.zincrby(f"{key}bucket:{span.window}:{bucket}", views, name)
                pipeline.zadd(f"{key}buckets:{span.window}", {str(bucket): bucket})
        landmark = state.get("landmark")
        if landmark is not None:
            age = (start + _HALF_AN_HOUR - int(float(landmark))) / self._counts.half_life
            read = views - classes.get(ADJUSTED, 0)
            if read > 0 and -100 < age < 500:
                pipeline.zincrby(f"{key}{'' if ranks else 'aside:'}trend", read * 2.0**age, name)

    async def _places(self, articles: Sequence[str]) -> dict[str, bool]:
        pipeline = self._redis.pipeline(transaction=False)
        for article in articles:
            pipeline.hget(card_key(article), "place")
        found = await pipeline.execute() if articles else []
        return {article: bool(place) for article, place in zip(articles, found, strict=True)}

    async def apply(self, partition: int, log: str, chunk: Chunk) -> Applied:
        """Count a chunk, as `Store.apply`."""
        return await self._beside.apply(topics.VIEWS.name, partition, log, chunk)

    async def retire(self, partition: int, now_ms: int) -> None:
        """Subtract the buckets that have left their windows."""
        for span in SPANS:
            while await self._beside.retire_buckets(partition, span, horizon(span, now_ms)):
                pass

    async def switch(self, partition: int) -> Caught:
        """Replace the live counts, at once, if these have caught up; then renew their copies in places."""
        caught = await self._run(self._switch, partition)
        if caught == "OK":
            key = base(partition)
            for name in (f"{REBUILD}former", f"{REBUILD}former-aside", "sum:all", "aside:all"):
                await self._mark_dirty(partition, f"{key}{name}")
            async with available("rebuild"):
                # Places are copied when the revision changes: once more after the last mark.
                await self._redis.hincrby(self._state(partition), "revision", 1)
            await self.drop(partition)
        return caught

    async def freeze(self, partition: int) -> Caught:
        """Copy the live sums for a comparison, if both are at one position."""
        return await self._run(self._freeze, partition)

    async def _run(self, script: AsyncScript, partition: int) -> Caught:
        async with available("rebuild"):
            answer = await script(keys=[self._state(partition)], args=[_WINDOWS])
        return cast(Caught, answer[0].decode())

    async def _mark_dirty(self, partition: int, sums: str) -> None:
        async for articles in self._articles(sums):
            async with available("rebuild"):
                await self._redis.sadd(f"{base(partition)}dirty", *articles)

    async def _articles(self, sums: str) -> AsyncIterator[dict[str, float]]:
        first = 0
        while True:
            async with available("rebuild"):
                pairs: list[tuple[bytes, float]] = await self._redis.zrange(  # type: ignore[assignment]  # no type for scores
                    sums, first, first + _AT_ONCE - 1, withscores=True
                )
            if not pairs:
                return
            yield {article.decode(): score for article, score in pairs}
            first += len(pairs)

    async def sums(self, partition: int, window: Window, *, live: bool) -> dict[str, int]:
        """The sums of a window by article: of the rebuild, or of the frozen copy of the live ones."""
        found: dict[str, int] = {}
        for kind in ("sum", "aside"):
            key = f"{base(partition)}{REBUILD}{'live:' if live else ''}{kind}:{window}"
            async for articles in self._articles(key):
                found |= {article: int(score) for article, score in articles.items()}
        return found

    async def drop(self, partition: int) -> None:
        """Delete all keys of a rebuild."""
        async with available("rebuild"):
            # The braces of a hash tag are no pattern; brackets would be.
            names = [key async for key in self._redis.scan_iter(f"{base(partition)}{REBUILD}*", count=1000)]
            for first in range(0, len(names), _AT_ONCE):
                await self._redis.unlink(*names[first : first + _AT_ONCE])

    def _state(self, partition: int) -> str:
        return f"{base(partition)}state"


def _texts(found: Mapping[bytes | str, bytes | str]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in found.items()}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
