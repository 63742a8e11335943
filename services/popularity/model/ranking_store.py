"""Reads rankings from Redis: tops of windows and trends by place, and articles that may rise. `store.py` describes the keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import cast

from redis.asyncio import Redis

from services.popularity.model.store import base_of, views_partition
from shared import topics
from shared.events import RankingName, Window
from shared.redis import available

# Of the articles that were read most in the last hour, so many in each partition may rise.
_MOST_RISING = 200

# A ranking by views or trend, and its place: `s:world`, `t:lakes`, `l:ar`, None for the whole site.
Ranked = tuple[RankingName, str | None]


@dataclass(frozen=True)
class Recent:
    """The views of an article in the last hour and in the last 24."""

    hour: int
    day: int


class RankingStore:
    """Tops by partition. Every method raises Unavailable when Redis does not answer. `half_life` of trends is in minutes."""

    def __init__(self, redis: Redis, half_life: float) -> None:
        self._redis = redis
        self.half_life = half_life

    async def tops(
        self, partitions: Sequence[int], rankings: Sequence[Ranked], most: int
    ) -> list[list[dict[str, float]]]:
        """For each partition and ranking its first articles: by views, or by the logarithm of their trend.

        A trend is log2 of the sum of 2^(t / half-life), as `rules.decayed_views` takes it.
        """
        async with available("tops"):
            pipeline = self._redis.pipeline(transaction=False)
            for partition in partitions:
                base = base_of(topics.VIEWS.name, partition)
                pipeline.hget(f"{base}state", "landmark")
                for ranking, place in rankings:
                    pipeline.zrange(_key(base, ranking, place), 0, most - 1, desc=True, withscores=True)
            found = iter(await pipeline.execute())
        tops = []
        for _ in partitions:
            shift = int(next(found) or 0) / self.half_life
            tops.append([_scores(ranked, next(found), shift) for ranked in rankings])
        return tops

    async def recent(self, partition: int) -> dict[str, Recent]:
        """The articles of a partition that were read most in the last hour: they may rise."""
        base = base_of(topics.VIEWS.name, partition)
        async with available("recent"):
            found = await self._redis.zrange(f"{base}sum:1h", 0, _MOST_RISING - 1, desc=True, withscores=True)
            hour = [(member.decode(), int(score)) for member, score in cast(list[tuple[bytes, float]], found)]
            articles = [article for article, _ in hour]
            day = await self._redis.zmscore(f"{base}sum:24h", articles) if articles else []
        return {article: Recent(views, int(of_day or 0)) for (article, views), of_day in zip(hour, day, strict=True)}

    async def views(self, window: Window, articles: Sequence[str]) -> dict[str, int]:
        """The views of ranked articles in a window."""
        async with available("views"):
            pipeline = self._redis.pipeline(transaction=False)
            for article in articles:
                pipeline.zscore(f"{base_of(topics.VIEWS.name, views_partition(article))}sum:{window}", article)
            found = await pipeline.execute() if articles else []
        return {article: int(score or 0) for article, score in zip(articles, found, strict=True)}


def _key(base: str, ranking: RankingName, place: str | None) -> str:
    name = "trend" if ranking == "trending" else f"sum:{ranking}"
    return f"{base}{name}:{place}" if place else f"{base}{name}"


def _scores(ranked: Ranked, pairs: Sequence[tuple[bytes, float]], shift: float) -> dict[str, float]:
    """Copies in places are logarithms; the site's own trend is a sum relative to the landmark."""
    if ranked == ("trending", None):
        return {member.decode(): log2(score) + shift for member, score in pairs if score > 0}
    return {member.decode(): score for member, score in pairs}
