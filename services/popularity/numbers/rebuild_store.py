"""Counts that are built beside the live ones, under `popularity:{p3}:rebuild:`, with sketches of visitors. Cards are the live ones.

`popularity:rebuild` is the lock of the process that builds them. It expires, so keys without it are those of a killed process.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.lock import Lock
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from services.popularity.model.chunks import ADJUSTED, Chunk
from services.popularity.model.rules import SPANS, horizon
from services.popularity.model.store import Applied, Counts, Store, card_key
from services.popularity.numbers.live_store import PARTITIONS, base
from services.popularity.numbers.rules import Hours, Mark, read_mark
from shared import topics
from shared.errors import Conflict, Unavailable
from shared.events import WINDOWS, Window
from shared.process.process import stop_task
from shared.redis import available

_log = structlog.get_logger(__name__)

REBUILD = "rebuild:"
_WINDOWS = " ".join(WINDOWS)
_AT_ONCE = 500
_COPIED_FIELDS = ("log", "epoch", "landmark", "half_life")
# A view of an hour counts for a trend as if it came in the hour's middle.
_HALF_AN_HOUR = 30
_LOCK = "popularity:rebuild"
# How long the keys of a killed rebuild stay.
_LOCK_S = 60.0

Caught = Literal["OK", "BEHIND", "AHEAD", "LOG", "NONE", "RETIRED"]


class RebuildStore:
    """The counts of a rebuild. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, redis: Redis, counts: Counts) -> None:
        self._redis = redis
        self._counts = counts
        self._beside = Store(redis, counts, beside=REBUILD)
        self._switch, self._freeze, self._add, self._copy = (
            redis.register_script(Path(__file__).with_name(f"{name}.lua").read_text())
            for name in ("switch_counts", "freeze_counts", "add_hours", "copy_day")
        )

    async def begin(self, partition: int, position: int) -> tuple[str, int]:
        """Start at a position of the live log, after `clear`; returns its id and epoch. Raises Unavailable without live counts."""
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

    async def copy_day(self, partition: int, day: str, *, with_visitors: bool) -> Mark | None:
        """Copy a live day, at once; returns the positions that it covers, None when it is not live."""
        async with available("copy of a day"):
            answer = await self._copy(keys=[self._state(partition)], args=[day, int(with_visitors)])
        return read_mark(partition, answer.decode()) if answer else None

    async def copied_hours(self, partition: int, day: str) -> dict[str, dict[int, dict[str, int]]]:
        """The hours of each article of a copied day."""
        found: dict[str, dict[int, dict[str, int]]] = {}
        async with available("copied hours"):
            async for field, value in self._redis.hscan_iter(f"{base(partition)}{REBUILD}hours:{day}", count=1000):
                article, start, letter = field.decode().rsplit("|", 2)
                found.setdefault(article, {}).setdefault(int(start), {})[letter] = int(value)
        return found

    async def add(self, partition: int, rows: Sequence[tuple[str, Hours]]) -> None:
        """Add rolled-up hours of articles to the sums, buckets and trends."""
        async with available("rebuild"):
            state = _texts(await self._redis.hgetall(f"{base(partition)}{REBUILD}state"))
            pipeline = self._redis.pipeline(transaction=False)
            for article, hours in rows:
                sums: Counter[str] = Counter()
                for start, classes in hours.items():
                    views = sum(classes.values())
                    for window, bucket in _buckets(state, start):
                        sums[window] += views
                        self._fill(pipeline, partition, window, bucket, {article: views})
                    sums["all"] += views
                trend = sum(self._trend(state, start, classes) for start, classes in hours.items())
                added: list[tuple[str, float]] = [*sums.items(), *([("trend", trend)] if trend else [])]
                keys = [f"{base(partition)}{REBUILD}state", card_key(article)]
                await self._add(keys=keys, args=[article, *(part for pair in added for part in pair)], client=pipeline)
            await pipeline.execute()

    def _fill(self, pipeline: Pipeline, partition: int, window: Window, bucket: int, views: Mapping[str, int]) -> None:
        key = f"{base(partition)}{REBUILD}"
        pipeline.zadd(f"{key}buckets:{window}", {str(bucket): bucket})
        for article, count in views.items():
            pipeline.zincrby(f"{key}bucket:{window}:{bucket}", count, article)

    def _trend(self, state: Mapping[str, str], start: int, classes: Mapping[str, int]) -> float:
        if "landmark" not in state:
            return 0.0
        age = (start + _HALF_AN_HOUR - int(float(state["landmark"]))) / self._counts.half_life
        read = sum(classes.values()) - classes.get(ADJUSTED, 0)
        return read * 2.0**age if read > 0 and -100 < age < 500 else 0.0

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
                await self._redis.unlink(f"{key}{REBUILD}former", f"{key}{REBUILD}former-aside")
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
        return await self._sums(f"{base(partition)}{REBUILD}{'live:' if live else ''}", window)

    async def live_sums(self, partition: int) -> dict[str, int]:
        """The live sums of all time by article."""
        return await self._sums(base(partition), "all")

    async def _sums(self, prefix: str, window: Window) -> dict[str, int]:
        found: dict[str, int] = {}
        for kind in ("sum", "aside"):
            async for articles in self._articles(f"{prefix}{kind}:{window}"):
                found |= {article: int(score) for article, score in articles.items()}
        return found

    async def clear(self) -> None:
        """Delete all keys of a rebuild, states last."""
        async with available("rebuild"):
            # The braces of a hash tag are no pattern; brackets would be.
            names = [key async for key in self._redis.scan_iter(f"popularity:{{p*}}:{REBUILD}*", count=1000)]
            names.sort(key=lambda name: name.endswith(b":state"))
            for first in range(0, len(names), _AT_ONCE):
                await self._redis.unlink(*names[first : first + _AT_ONCE])

    async def clear_stale(self) -> None:
        """Delete the keys that a killed rebuild left."""
        marks = [
            f"{base(number)}{REBUILD}{name}" for number in PARTITIONS for name in ("state", "former", "former-aside")
        ]
        async with available("rebuild"):
            if not await self._redis.exists(*marks):
                return
        try:
            async with self.alone():
                await self.clear()
        except Conflict:
            return  # it is not killed

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock of rebuilds for the length of a block. Raises Conflict when another process holds it."""
        lock = self._redis.lock(_LOCK, timeout=_LOCK_S, blocking=False)
        async with available("lock of rebuilds"):
            is_free = await lock.acquire()
        if not is_free:
            raise Conflict(
                f"another rebuild or comparison of rankings is at work, or was killed in the last {_LOCK_S:.0f} s; try again"
            )
        task = asyncio.create_task(_hold(lock), name="lock of rebuilds")
        try:
            yield
        finally:
            await stop_task(task)
            async with available("lock of rebuilds"):
                await lock.release()

    def _state(self, partition: int) -> str:
        return f"{base(partition)}state"


async def _hold(lock: Lock) -> None:
    while True:
        await asyncio.sleep(_LOCK_S / 6)
        try:
            await lock.reacquire()
        except RedisError as error:
            _log.warning("rebuild.lock_not_renewed", reason=repr(error))


def _buckets(state: Mapping[str, str], start: int) -> list[tuple[Window, int]]:
    """The bucket of an hour in each window that still counts it."""
    found = [(span.window, start - start % span.bucket) for span in SPANS]
    return [(window, bucket) for window, bucket in found if bucket >= int(state.get(f"retired:{window}", "0"))]


def _texts(found: Mapping[bytes | str, bytes | str]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in found.items()}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
