"""Popularity's counts in Redis. Only this folder's stores know their keys and scripts.

All keys of one partition of views.v1 share a hash tag, `popularity:{p3}:`, since scripts touch them together.
- `state` (log, epoch, next, fingerprint, revision, cards, landmark, half_life, placed,
  retired:<window>), `logs`, `ids`,
  `ids:<slot>[.<turn>]`, `adjusted` (ids of adjustments, for ever), `article:<id>`
- windows: `sum:<window>` and `aside:<window>` (articles that do not rank), `bucket:<window>:<minute>`, `buckets:<window>`
- trends: `trend`, `aside:trend`; places' copies of both: `sum:<window>:<place>`, `trend:<place>`; `dirty`
- a day in detail, until it is rolled up: `days` (day -> "epoch:first:epoch:last", the positions that it covers),
  `day:<day>` (article -> views), `hours:<day>`, `scopes:<day>` (`<article or scope>|<hour start>|<class>` -> views),
  `hosts:<day>`, `dropped:<day>`, `visitors:<day>:<article or scope>`
- the last ten minutes: `readers:<minute>[:s:<section>]`

Scopes are `site` and places: `s:<section>`, `t:<tag>`, `l:<language>`. `popularity:{a0}:state` is the position in a partition of
articles.v1. Idempotency-Keys: `key_store.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from services.popularity.model.chunks import Chunk
from services.popularity.model.rules import (
    FADED_VIEWS,
    FARTHEST_LANDMARK,
    MOST_HOSTS,
    MOST_ID_SETS,
    MOST_IDS_IN_A_SET,
    SPANS,
    Span,
    day_of,
    hour_start,
    places_of,
)
from shared import topics
from shared.events import WINDOWS, ArticleState, ArticleWithdrawn, Erased, Window
from shared.kafka.client import partition_of
from shared.redis import available

_SPANS = " ".join(f"{span.window}:{span.bucket}" for span in SPANS)
_WINDOWS = " ".join(WINDOWS)
# A few tenths of a millisecond of Redis' only thread: apply_views must not wait behind a large bucket.
_RETIRED_AT_ONCE = 500
_PRUNED_AT_ONCE = 500
# An article has some 50 scores in its places: four milliseconds.
_COPIED_AT_ONCE = 50

_CARD = ["status", "headline", "url", "section", "language", "published", "places"]

Status = Literal["OK", "ALREADY", "GAP", "WRONG_LOG", "UNKNOWN"]


@dataclass(frozen=True)
class Applied:
    """The answer of apply_views: the partition's position now, and the views that this call counted and dropped."""

    status: Status
    position: int
    counted: int
    dropped: int = 0


@dataclass(frozen=True)
class PartitionState:
    """A partition's position. `revision` grows with its sums, `cards` with its articles."""

    log: str = ""
    position: int = 0
    fingerprint: str = ""
    revision: int = 0
    cards: int = 0


@dataclass(frozen=True)
class Card:
    """An article as rankings show it. `status` is that of the article, or `erased`; `published` is a minute, 0 if unknown."""

    status: str
    headline: str
    url: str
    section: str
    language: str
    published: int = 0
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """How views are counted: the zone of days and hours, and the half-life of trends in minutes."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    half_life: float = 360.0


def views_partition(article: str) -> int:
    """The partition of an article's views. It never changes."""
    return partition_of(article.encode(), topics.VIEWS.partitions)


def base_of(topic: str, partition: int) -> str:
    """The prefix of a partition's keys."""
    return f"popularity:{{{topic[0] if topic == topics.ARTICLES.name else 'p'}{partition}}}:"


def card_key(article: str) -> str:
    """The key of an article's card."""
    return f"{base_of(topics.VIEWS.name, views_partition(article))}article:{article}"


def read_script(redis: Redis, name: str) -> AsyncScript:
    """A script of this folder. It is called by its hash, and sent again when Redis has lost it."""
    return redis.register_script(Path(__file__).with_name(f"{name}.lua").read_text())


class Store:
    """Popularity's state in one Redis. Every method raises Unavailable when Redis does not answer.

    The scripts are idempotent and may be repeated after Unavailable.
    """

    def __init__(
        self, redis: Redis, counts: Counts | None = None, *, most_ids: int = MOST_IDS_IN_A_SET, beside: str = ""
    ) -> None:
        self._redis = redis
        # With `rebuild:`, `state`, `apply` and `retire_buckets` work on counts beside the live ones.
        self._beside = beside
        self._counts = counts or Counts()
        self._most_ids = most_ids
        self._apply_views, self._upsert_article, self._retire_buckets, self._adopt_log = (
            read_script(redis, name) for name in ("apply_views", "upsert_article", "retire_buckets", "adopt_log")
        )
        self._copy_places, self._prune_trends = (read_script(redis, name) for name in ("copy_places", "prune_trends"))

    async def ping(self) -> None:
        """Answer, or raise."""
        async with available("ping"):
            await self._redis.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    # For the counter.

    async def state(self, topic: str, partition: int) -> PartitionState:
        """A partition's position; empty when Redis does not know the partition."""
        async with available("state"):
            found = await self._redis.hmget(
                f"{base_of(topic, partition)}{self._beside}state", ["log", "next", "fingerprint", "revision", "cards"]
            )
        return _state(found)

    async def adopt_log(
        self, topic: str, partition: int, log: str, beginning: int = 0, *, instead_of: PartitionState | None = None
    ) -> int:
        """Adopt `log` and return the position in it: the last one if the log was known, else `beginning`.

        Counters stay. With `instead_of`, a recreated topic under the known name starts over, unless another owner has changed
        the state since it was read: then nothing changes.
        """
        base = base_of(topic, partition)
        seen = () if instead_of is None else (instead_of.position, instead_of.fingerprint)
        async with available("adopt_log"):
            answer = await self._adopt_log(keys=[f"{base}state", f"{base}logs"], args=[log, beginning, *seen])
        return int(answer[0])

    async def apply(self, topic: str, partition: int, log: str, chunk: Chunk) -> Applied:
        """Count a chunk and advance the position, both or neither, if the chunk begins at the position."""
        args: list[str | int | float | bytes] = [log, chunk.start, chunk.end, chunk.fingerprint, chunk.slot, _SPANS]
        args += [MOST_ID_SETS, self._most_ids, MOST_HOSTS, self._counts.half_life, self._times(chunk)]
        indexes = b"".join(row.to_bytes(2, "big") for row in chunk.views.values())
        args += [b"".join(chunk.views), indexes, b"".join(chunk.visitors)]
        args += [part for row in chunk.rows for part in row]
        async with available("apply_views"):
            answer = await self._apply_views(keys=[f"{base_of(topic, partition)}{self._beside}state"], args=args)
        return Applied(cast(Status, answer[0].decode()), *map(int, answer[1:]))

    def _times(self, chunk: Chunk) -> str:
        zone = self._counts.zone
        return " ".join(
            f"{minute}:{hour_start(minute, zone)}:{day_of(minute, zone)}" for minute in {row[1] for row in chunk.rows}
        )

    async def retire_buckets(self, partition: int, span: Span, horizon: int) -> bool:
        """Subtract a bounded part of the buckets before `horizon` from a window's sums; True if there is more."""
        async with available("retire_buckets"):
            answer = await self._retire_buckets(
                keys=[f"{base_of(topics.VIEWS.name, partition)}{self._beside}state"],
                args=[span.window, horizon, _RETIRED_AT_ONCE],
            )
        return bool(answer[1])

    async def prune_trends(self, partition: int, now_ms: int) -> bool:
        """Keep the landmark of trends near, and remove a bounded part of the faded ones; True if there is more."""
        args = [now_ms // 60_000, self._counts.half_life, FARTHEST_LANDMARK, FADED_VIEWS, _PRUNED_AT_ONCE]
        async with available("prune_trends"):
            answer = await self._prune_trends(keys=[f"{base_of(topics.VIEWS.name, partition)}state"], args=args)
        return int(answer) >= _PRUNED_AT_ONCE

    async def upsert_article(self, event: ArticleState | Erased) -> bool:
        """Store an article's state; False if this version or a newer one is known."""
        version, place, places, card = _card_fields(event)
        base = base_of(topics.VIEWS.name, views_partition(event.key()))
        fields = [part for pair in card.items() for part in pair]
        async with available("upsert_article"):
            answer = await self._upsert_article(
                keys=[f"{base}state", card_key(event.key())],
                args=[event.key(), version, place, "\n".join(places), _WINDOWS, *fields],
            )
        return bool(answer)

    async def place_all(self, partition: int, sections: Sequence[str]) -> None:
        """Once in the life of a partition: mark all its articles for copy_places, and delete rankings of former versions.

        Former versions kept `sum:<window>:<section>` themselves.
        """
        base = base_of(topics.VIEWS.name, partition)
        async with available("place_all"):
            if await self._redis.hget(f"{base}state", "placed"):
                return
            articles = [member async for member, _ in self._redis.zscan_iter(f"{base}sum:all", count=1000)]
            for first in range(0, len(articles), 1000):
                await self._redis.sadd(f"{base}dirty", *articles[first : first + 1000])
            await self._redis.unlink(*(f"{base}sum:{window}:{section}" for window in WINDOWS for section in sections))
            await self._redis.hset(f"{base}state", "placed", "1")

    async def copy_places(self, partition: int) -> bool:
        """Copy a bounded number of changed sums to the rankings of sections, tags and languages; True if there is more."""
        async with available("copy_places"):
            answer = await self._copy_places(
                keys=[f"{base_of(topics.VIEWS.name, partition)}state"],
                args=[_COPIED_AT_ONCE, _WINDOWS, self._counts.half_life],
            )
        return int(answer) > 0

    # For the ranking.

    async def states(self) -> list[PartitionState]:
        """The positions of all partitions of views.v1."""
        return await self.states_of([(topics.VIEWS.name, number) for number in range(topics.VIEWS.partitions)])

    async def states_of(self, partitions: Sequence[tuple[str, int]]) -> list[PartitionState]:
        """The positions of some partitions, in one round trip."""
        async with available("states"):
            pipeline = self._redis.pipeline(transaction=False)
            for topic, partition in partitions:
                key = f"{base_of(topic, partition)}state"
                pipeline.hmget(key, ["log", "next", "fingerprint", "revision", "cards"])
            return [_state(found) for found in await pipeline.execute()]

    # For both and the api.

    async def cards(self, articles: Sequence[str]) -> dict[str, Card]:
        """The cards of these articles, without unknown ones."""
        async with available("cards"):
            pipeline = self._redis.pipeline(transaction=False)
            for article in articles:
                pipeline.hmget(card_key(article), _CARD)
            found = await pipeline.execute() if articles else []
        return {
            article: _card(*map(_text, values))
            for article, values in zip(articles, found, strict=True)
            if values[0] is not None
        }

    async def views(self, article: str) -> dict[Window, int]:
        """An article's views in each window."""
        base = base_of(topics.VIEWS.name, views_partition(article))
        async with available("views"):
            pipeline = self._redis.pipeline(transaction=False)
            for window in WINDOWS:
                pipeline.zscore(f"{base}sum:{window}", article)
                pipeline.zscore(f"{base}aside:{window}", article)
            found = await pipeline.execute()
        sums = (found[2 * index] or found[2 * index + 1] or 0 for index in range(len(WINDOWS)))
        return {window: max(0, int(sum)) for window, sum in zip(WINDOWS, sums, strict=True)}

    async def visitors(self, article: str, day: str) -> int:
        """An article's distinct visitors on a local day that is not rolled up."""
        async with available("visitors"):
            key = f"{base_of(topics.VIEWS.name, views_partition(article))}visitors:{day}:{article}"
            return int(await self._redis.pfcount(key))


def _state(found: Sequence[object]) -> PartitionState:
    log, position, fingerprint, revision, cards = (_text(value) for value in found)
    return PartitionState(log, int(position or 0), fingerprint, int(revision or 0), int(cards or 0))


def _card(status: str, headline: str, url: str, section: str, language: str, published: str, places: str) -> Card:
    return Card(status, headline, url, section, language, int(published or 0), tuple(filter(None, places.split("\n"))))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else ""


def _card_fields(event: ArticleState | Erased) -> tuple[int | str, str, Sequence[str], Mapping[str, str | int]]:
    if isinstance(event, Erased):
        return "", "", (), {"status": "erased", "headline": "", "url": "", "section": "", "language": ""}
    withdrawn = isinstance(event, ArticleWithdrawn) or event.status == "withdrawn"
    card: dict[str, str | int] = {
        "status": "withdrawn" if withdrawn else "published",
        "headline": event.headline,
        "url": event.url,
        "section": event.section,
        "language": event.language,
        "published": int(event.published_at.timestamp()) // 60,
    }
    if withdrawn:
        return event.version, "", (), card
    return event.version, event.section, places_of(event.section, event.tags, event.language), card
