"""Reads and drops the days that are still in Redis. The counter writes them (`model/apply_views.lua`).

All of a partition under `popularity:{p3}:` -- `days` (day -> mark), `day:<day>` (articles by views), `hours:<day>` and
`scopes:<day>` (`<name>|<hour>|<class>` -> views), `hosts:<day>`, `dropped:<day>`, `visitors:<day>:<name>` and
`readers:<minute>[:s:<section>]` (HyperLogLogs), `bucket:1h:<minute>` (views of a minute by article),
`leaving` and `leaving:<day>` (days whose deletion has begun).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from services.popularity.model.store import views_partition
from services.popularity.numbers.rules import CLASSES, Hours, Mark, read_mark
from shared import topics
from shared.events import WINDOWS
from shared.redis import available

PARTITIONS = range(topics.VIEWS.partitions)
_LETTERS = "".join(CLASSES)
# Copies of stored sketches for one estimate. They expire should their reader be killed.
_COPY_S = 60
# A few tenths of a millisecond of Redis' only thread.
_FIELDS_AT_ONCE = 1000
_DROPPED_AT_ONCE = 500


def base(partition: int) -> str:
    """The beginning of the keys of a partition of views.v1."""
    return f"popularity:{{p{partition}}}:"


class LiveStore:
    """Days in Redis. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._drop_day = redis.register_script(Path(__file__).with_name("drop_day.lua").read_text())

    async def marks(self) -> dict[str, list[Mark]]:
        """The marks of all live days, of each partition that has the day."""
        async with available("days"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in PARTITIONS:
                pipeline.hgetall(f"{base(partition)}days")
            found = await pipeline.execute()
        marks: dict[str, list[Mark]] = {}
        for partition, days in zip(PARTITIONS, found, strict=True):
            for day, text in days.items():
                marks.setdefault(day.decode(), []).append(read_mark(partition, text.decode()))
        return marks

    async def hours(
        self, name: str, day: str, starts: Sequence[int], partitions: Iterable[int], kind: str
    ) -> list[Hours]:
        """The views of an article (`kind` is `hours`) or scope (`scopes`) in these hours of a day, of each partition."""
        fields = [f"{name}|{start}|{letter}" for start in starts for letter in _LETTERS]
        async with available("hours"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in partitions:
                pipeline.hmget(f"{base(partition)}{kind}:{day}", fields)
            found = await pipeline.execute()
        return [_hours(starts, values) for values in found]

    async def visitors(self, names: Sequence[tuple[str, str, Sequence[int]]]) -> list[int]:
        """The distinct visitors of each (day, article or scope, partitions)."""
        async with available("visitors"):
            pipeline = self._redis.pipeline(transaction=False)
            for day, name, partitions in names:
                pipeline.pfcount(*(f"{base(partition)}visitors:{day}:{name}" for partition in partitions))
            return [int(count) for count in (await pipeline.execute() if names else [])]

    async def estimate(self, live: Sequence[tuple[str, str, int]], stored: Sequence[bytes]) -> int:
        """The distinct visitors of live sketches (day, name, partition) and stored ones together."""
        keys = [f"{base(partition)}visitors:{day}:{name}" for day, name, partition in live]
        copies = [f"popularity:{{numbers}}:copy:{uuid4().hex}" for _ in stored]
        if not keys and not copies:
            return 0
        async with available("estimate"):
            pipeline = self._redis.pipeline(transaction=False)
            for copy, sketch in zip(copies, stored, strict=True):
                pipeline.set(copy, sketch, ex=_COPY_S)
            pipeline.pfcount(*keys, *copies)
            if copies:
                pipeline.unlink(*copies)
            found = await pipeline.execute()
        return int(found[len(copies)])

    async def counts(self, kind: str, day: str, partitions: Iterable[int]) -> list[dict[str, int]]:
        """The hash `hosts` or `dropped` of a day, of each partition."""
        async with available(kind):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in partitions:
                pipeline.hgetall(f"{base(partition)}{kind}:{day}")
            found = await pipeline.execute()
        return [{name.decode(): int(value) for name, value in counts.items()} for counts in found]

    async def top(self, day: str, partitions: Iterable[int], first: int, most: int) -> list[list[tuple[str, int]]]:
        """The articles of a day at these places of each partition, most viewed first."""
        async with available("articles of a day"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in partitions:
                pipeline.zrange(f"{base(partition)}day:{day}", first, first + most - 1, desc=True, withscores=True)
            found = await pipeline.execute()
        return [[(article.decode(), int(score)) for article, score in pairs] for pairs in found]

    async def top_of_place(
        self, place: str, day: str, partitions: Sequence[int], most: int
    ) -> list[list[tuple[str, int]]]:
        """The views of a day of the first articles of a section, tag or language, of each partition.

        They are the first `most` of each window there, so an article that is in none of them is left out.
        """
        async with available("articles of a place"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in partitions:
                for window in WINDOWS:
                    pipeline.zrange(f"{base(partition)}sum:{window}:{place}", 0, most - 1, desc=True)
            found = await pipeline.execute()
            first = [
                list(dict.fromkeys(article for list_ in found[at : at + len(WINDOWS)] for article in list_))
                for at in range(0, len(found), len(WINDOWS))
            ]
            pipeline = self._redis.pipeline(transaction=False)
            for partition, articles in zip(partitions, first, strict=True):
                pipeline.zmscore(f"{base(partition)}day:{day}", articles or [""])
            scores = await pipeline.execute()
        return [
            [
                (article.decode(), int(score))
                for article, score in zip(articles, found_scores, strict=False)
                if score is not None
            ]
            for articles, found_scores in zip(first, scores, strict=True)
        ]

    async def scopes(self, day: str, partition: int) -> dict[str, Hours]:
        """All scopes of a day in a partition, with their hours."""
        found: dict[str, dict[int, dict[str, int]]] = {}
        async with available("scopes of a day"):
            async for field, value in self._redis.hscan_iter(f"{base(partition)}scopes:{day}", count=_FIELDS_AT_ONCE):
                name, start, letter = field.decode().rsplit("|", 2)
                found.setdefault(name, {}).setdefault(int(start), {})[letter] = int(value)
        return dict(found)

    async def hours_of_articles(
        self, day: str, partition: int, articles: Sequence[str], starts: Sequence[int]
    ) -> dict[str, Hours]:
        """The hours of articles of one partition on a day."""
        async with available("hours of articles"):
            pipeline = self._redis.pipeline(transaction=False)
            for article in articles:
                fields = [f"{article}|{start}|{letter}" for start in starts for letter in _LETTERS]
                pipeline.hmget(f"{base(partition)}hours:{day}", fields)
            found = await pipeline.execute()
        return {article: _hours(starts, values) for article, values in zip(articles, found, strict=True)}

    async def sketches(self, day: str, partition: int, names: Sequence[str]) -> dict[str, bytes]:
        """The HyperLogLogs of articles or scopes of one partition on a day; empty without visitors."""
        async with available("sketches"):
            pipeline = self._redis.pipeline(transaction=False)
            for name in names:
                pipeline.get(f"{base(partition)}visitors:{day}:{name}")
            found = await pipeline.execute() if names else []
        return {name: sketch or b"" for name, sketch in zip(names, found, strict=True)}

    async def drop(self, day: str, mark: Mark, scopes: Sequence[str]) -> bool:
        """Delete a day of the mark's partition if it has not changed since the mark was read; False otherwise."""
        async with available("drop_day"):
            is_dropped, _ = await self._drop_day(
                keys=[f"{base(mark.partition)}state"], args=[day, mark.text, _DROPPED_AT_ONCE, *scopes]
            )
        if is_dropped:
            await self._finish_dropping(mark.partition, day)
        return bool(is_dropped)

    async def go_on_dropping(self) -> None:
        """Finish deletions that a killed process began."""
        async with available("leaving days"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in PARTITIONS:
                pipeline.smembers(f"{base(partition)}leaving")
            found = await pipeline.execute()
        for partition, days in zip(PARTITIONS, found, strict=True):
            for day in days:
                await self._finish_dropping(partition, day.decode())

    async def _finish_dropping(self, partition: int, day: str) -> None:
        more = True
        while more:
            async with available("drop_day"):
                answer = await self._drop_day(keys=[f"{base(partition)}state"], args=[day, "", _DROPPED_AT_ONCE])
            more = bool(answer[1])

    async def readers(self, minutes: Sequence[int], sections: Sequence[str]) -> list[int]:
        """The distinct readers of these minutes: of the whole site, then of each section."""
        async with available("readers"):
            pipeline = self._redis.pipeline(transaction=False)
            for suffix in ("", *(f":s:{section}" for section in sections)):
                pipeline.pfcount(
                    *(f"{base(partition)}readers:{minute}{suffix}" for partition in PARTITIONS for minute in minutes)
                )
            return [int(count) for count in await pipeline.execute()]

    async def viewed(self, minutes: Sequence[int], most: int) -> dict[str, int]:
        """The articles that were viewed most in these minutes, the first `most` of each minute and partition."""
        async with available("viewed articles"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in PARTITIONS:
                for minute in minutes:
                    key = f"{base(partition)}bucket:1h:{minute}"
                    pipeline.zrange(key, 0, most - 1, desc=True, withscores=True)
            found = await pipeline.execute()
        views: dict[str, int] = {}
        for pairs in found:
            for article, score in pairs:
                views[article.decode()] = views.get(article.decode(), 0) + int(score)
        return views

    def partition(self, article: str) -> int:
        """The partition of an article's views."""
        return views_partition(article)

    async def places(self, articles: Sequence[str]) -> dict[str, frozenset[str]]:
        """The scopes in which each article ranks: `s:<section>`, `t:<tag>`, `l:<language>`."""
        async with available("places"):
            pipeline = self._redis.pipeline(transaction=False)
            for article in articles:
                key = f"{base(views_partition(article))}article:{article}"
                pipeline.hmget(key, ["place", "places"])
            found = await pipeline.execute() if articles else []
        return {article: _places(*values) for article, values in zip(articles, found, strict=True)}


def _places(section: bytes | None, places: bytes | None) -> frozenset[str]:
    own = f"s:{section.decode()}" if section else ""
    return frozenset(name for name in (own, *(places or b"").decode().split("\n")) if name)


def _hours(starts: Sequence[int], values: Sequence[bytes | None]) -> Mapping[int, Mapping[str, int]]:
    width = len(_LETTERS)
    hours: dict[int, dict[str, int]] = {}
    for index, start in enumerate(starts):
        row = values[index * width : (index + 1) * width]
        found = {letter: int(value) for letter, value in zip(_LETTERS, row, strict=True) if value}
        if found:
            hours[start] = found
    return hours
