"""How fast views are accepted and applied, and rankings read: against a bare handler, and against raw consumption."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from redis.asyncio import Redis

from services.popularity.numbers.commands import opened
from services.popularity.settings import PopularitySettings
from shared.events import REFERRERS, ArticlePublished, PageViewed, encode
from shared.ids import new_id
from shared.kafka.client import partition_of
from shared.kafka.producer import Producer
from shared.process.process import spare_the_collector
from shared.times import now
from shared.topics import VIEWS
from tests.bench.engines import running_engines
from tests.bench.load import ROOT, http_request, measure
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process, until_it_answers
from tests.support.polling import eventually
from tests.support.ports import free_port

CONNECTIONS = 256
ARTICLES = 300
VIEWS_APPLIED = 120_000
_COUNTED_IN = "/9"


@dataclass(frozen=True)
class PublishedArticles:
    """Engines that hold published articles. Services run as their own processes, as in production."""

    environment: Mapping[str, str]
    producer: Producer
    articles: Sequence[str]
    api: int

    @property
    def kafka(self) -> str:
        return self.environment["WM_KAFKA"]


@asynccontextmanager
async def published_articles() -> AsyncIterator[PublishedArticles]:
    """Articles in the log; no service yet."""
    with running_engines() as environment:
        producer = Producer(environment["WM_KAFKA"], idempotence=False, batch_bytes=512 * 1024)
        yield PublishedArticles(environment, producer, await _publish(producer), free_port())
        await producer.stop()


@asynccontextmanager
async def serving(published: PublishedArticles, *, counting: bool) -> AsyncIterator[None]:
    """An api that knows the articles. With `counting` the counter stays after it has stored their cards."""
    async with _process(published.environment, "api", published.api, wait=False), AsyncExitStack() as counter:
        await counter.enter_async_context(_process(published.environment, "counter", free_port()))
        await until_it_answers(published.api, "/health/ready")
        await until_it_answers(published.api, f"/v1/articles/{published.articles[-1]}/views")
        if not counting:
            await counter.aclose()
        yield


async def _publish(producer: Producer) -> list[str]:
    articles = [new_id() for _ in range(ARTICLES)]
    fields = {"status": "published", "section": "world", "headline": "A headline of a usual length, for a ranking"}
    tags = ("Lakes", "Water", "Trade")
    at = now()
    for name in articles:
        more = {"slug": name, "url": f"/world/{name}", "created_at": at, "updated_at": at, "published_at": at}
        await producer.send(encode(ArticlePublished(id=name, version=1, tags=tags, **fields, **more)))
    return articles


def _process(
    environment: Mapping[str, str], role: str, port: int, *, wait: bool = True
) -> AbstractAsyncContextManager[int]:
    command = [sys.executable, "-m", "services.popularity", role]
    return running_process(command, environment, port, asked="/health/ready" if wait else "")


@asynccontextmanager
async def bare_server(body: bytes) -> AsyncIterator[int]:
    """The reference server with `body`."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(port)], cwd=ROOT, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(body)
    process.stdin.close()
    try:
        await until_it_answers(port, "/bare")
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def measure_view_accept() -> Measure:
    """Views accepted with Kafka's acknowledgement, all filters on, against a bare POST."""
    answer = b'{"event_id":"%s"}' % str(uuid4()).encode()
    # Without the counter: on two cores it would slow both sides, and ours more.
    async with published_articles() as published, serving(published, counting=False), bare_server(answer) as bare:
        body = b'{"article_id":"%s","event_id":"{uuid}%s","referrer":"https://www.example.com/"}' % (
            published.articles[0].encode(),
            b"-" * 30,
        )
        found = await in_turns(
            lambda: measure(published.api, _view_request("/v1/views", body), connections=CONNECTIONS),
            lambda: measure(bare, _view_request("/bare", body), connections=CONNECTIONS),
        )
    return Measure("view_accept", *found, unit="views/s", bar=0.9)


def _view_request(path: str, body: bytes) -> bytes:
    """As the edge sends it. Each view has another visitor, so each of them counts."""
    return http_request(
        "POST", path, body, "application/json", "X-Forwarded-For: {address}", "Sec-Fetch-Site: same-origin"
    )


async def measure_popular_read() -> Measure:
    """Rankings read, against a bare handler with the same bytes."""
    path = "/v1/popular?window=24h&limit=20"
    async with published_articles() as published, serving(published, counting=True):
        await _send_views(published, 2000)
        answer = await _until_ranked(published, path)
        async with bare_server(answer) as bare:
            found = await in_turns(
                lambda: measure(published.api, http_request("GET", path), connections=64),
                lambda: measure(bare, http_request("GET", "/bare"), connections=64),
            )
    return Measure("popular_read", *found, unit="reads/s", bar=1.0)


async def _until_ranked(published: PublishedArticles, path: str) -> bytes:
    async def ranked() -> bytes:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{published.api}{path}") as answer:
            body = await answer.read()
            return body if len((await answer.json())["items"]) == 20 else b""

    return await eventually(ranked, what="a full ranking")


async def measure_view_apply() -> Measure:
    """Views applied to Redis, each run from an empty Redis, against raw consumption of the same topic."""
    async with published_articles() as published:
        await _send_views(published, VIEWS_APPLIED)
        ends = await _ends(published.kafka)
        found = await in_turns(
            lambda: _apply_all(published, ends), lambda: _consume_all(published.kafka, ends), rounds=3
        )
    return Measure("view_apply", *found, unit="views/s", bar=0.4)


async def measure_rebuild_rankings() -> Measure:
    """Records of the log that `rebuild rankings` counts again, against raw consumption of the same topic."""
    spare_the_collector()  # as the command does; the reference gains too
    async with published_articles() as published:
        await _send_views(published, VIEWS_APPLIED)
        ends = await _ends(published.kafka)
        await _apply_all(published, ends)
        found = await in_turns(lambda: _rebuild(published), lambda: _consume_all(published.kafka, ends), rounds=3)
    return Measure("rebuild_rankings", *found, unit="records/s", bar=0.3)


async def _rebuild(published: PublishedArticles) -> float:
    settings = PopularitySettings(
        kafka=published.kafka,
        mongo=published.environment["WM_MONGO"],
        redis=published.environment["WM_REDIS"] + _COUNTED_IN,
        kafka_hole_wait_ms=500,
    )
    started = time.perf_counter()
    async with opened(settings) as (rebuild, _):
        records = await rebuild.run()
    return records / (time.perf_counter() - started)


async def _send_views(published: PublishedArticles, count: int) -> None:
    lanes: dict[int, list[str]] = {}
    for article in published.articles:
        lanes.setdefault(partition_of(article.encode(), VIEWS.partitions), []).append(article)
    await asyncio.gather(*(_fill(published, lane, names, count // len(lanes)) for lane, names in lanes.items()))


async def _fill(published: PublishedArticles, partition: int, articles: Sequence[str], count: int) -> None:
    messages = []
    for number in range(count):
        messages.append(encode(_view(articles[number % len(articles)], number)))
        if len(messages) == 500 or number == count - 1:
            while messages:
                messages = messages[await published.producer.send_batch(VIEWS.name, partition, messages) :]


def _view(article: str, number: int) -> PageViewed:
    """A view as the api writes it: most readers come once a day, from all classes of referrers."""
    referrer = REFERRERS[number % len(REFERRERS)]
    return PageViewed(
        id=uuid4(),
        article_id=article,
        section="world",
        viewed_at=now(),
        referrer=referrer,
        referrer_host=f"host{number % 40}.example" if referrer == "other" else "",
        visitor=f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}",
    )


async def _ends(kafka: str) -> dict[TopicPartition, int]:
    counts: dict[TopicPartition, int] = {}
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign(_partitions())
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 2:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                counts[partition] = records[-1].offset + 1
                quiet_since = time.monotonic()
    return counts


def _partitions() -> list[TopicPartition]:
    return [TopicPartition(VIEWS.name, number) for number in range(VIEWS.partitions)]


async def _consume_all(kafka: str, ends: Mapping[TopicPartition, int]) -> float:
    left = dict(ends)
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        consumer.assign(_partitions())
        started = time.perf_counter()
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500, max_records=4000)).items():
                if records[-1].offset + 1 >= ends[partition]:
                    left.pop(partition, None)
    return sum(ends.values()) / (time.perf_counter() - started)


async def _apply_all(published: PublishedArticles, ends: Mapping[TopicPartition, int]) -> float:
    """A counter on an empty Redis, timed from its first visible position to the end."""
    address = published.environment["WM_REDIS"] + _COUNTED_IN
    client = Redis.from_url(address)
    await client.flushdb()
    seen: list[tuple[float, int]] = []
    async with _process({**published.environment, "WM_REDIS": address}, "counter", free_port(), wait=False):
        while not seen or seen[-1][1] < sum(ends.values()):
            if applied := await _applied(client):
                seen.append((time.perf_counter(), applied))
            await asyncio.sleep(0.05)
    await client.aclose()
    (began, first), (ended, last) = seen[0], seen[-1]
    return (last - first) / (ended - began)


async def _applied(client: Redis) -> int:
    pipeline = client.pipeline(transaction=False)
    for number in range(VIEWS.partitions):
        pipeline.hget(f"popularity:{{p{number}}}:state", "next")
    return sum(int(position or 0) for position in await pipeline.execute())


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {
    "view_accept": measure_view_accept,
    "view_apply": measure_view_apply,
    "popular_read": measure_popular_read,
    "rebuild_rankings": measure_rebuild_rankings,
}
