"""The time from a publication to its page at a gateway, under load."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events import Event, decode
from shared.kafka.client import as_record
from shared.kafka.pace import AWAKE_S
from shared.topics import ARTICLES, PAGES, Topic
from tests.bench.measure import Measure
from tests.bench.publish_steps import measure_steps
from tests.support.running import Platform, running_platform

PUBLICATIONS = 60
READERS = 8


@dataclass(frozen=True)
class Publication:
    """One measured publication. Times are seconds since 1970."""

    article_id: str
    path: str
    began: float
    answered: float
    visible: float

    @property
    def taken_ms(self) -> float:
        return (self.visible - self.began) * 1000


async def measure_publish_to_visible() -> Measure:
    """Time from an editor's call to the page at a gateway, against the sum of the steps measured one at a time.

    The extra figures are p99 and its ratio to the same sum, the medians of each step in milliseconds since the call, and the
    time of a publication after a quiet period.
    """
    with TemporaryDirectory() as folder:
        async with running_platform(Path(folder) / "data") as platform:
            alone = await measure_steps(platform)
            publications = await _publish_under_load(platform)
            steps = await _steps(str(platform.facts()["kafka"]), publications)
            after_quiet = await _publish_after_quiet(platform)
    taken = sorted(one.taken_ms for one in publications)
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    floor = alone["change"] + 2 * alone["trip"] + alone["projection"] + alone["render"]
    extra = {"p99": p99, "p99_ratio": p99 / floor, **steps, "after_quiet": after_quiet, **alone}
    return Measure("publish_to_visible_ms", p50, floor, unit="ms", bar=3.0, sense="at_most", extra=extra)


async def _publish_after_quiet(platform: Platform) -> float:
    """Time of a publication when all idle waits have reached their maximum, in milliseconds."""
    await asyncio.sleep(2 * AWAKE_S)
    return (await _publish_and_see(platform, platform.url("rendering"), PUBLICATIONS)).taken_ms


async def _steps(kafka: str, publications: Sequence[Publication]) -> dict[str, float]:
    """Median time of each step in milliseconds since the call, by the timestamps of the records."""
    sent = dict(await _log(kafka, ARTICLES, lambda event: getattr(event, "id", "")))
    announced = dict(await _log(kafka, PAGES, lambda event: getattr(event, "dependency", "")))
    return {
        "answered": statistics.median((one.answered - one.began) * 1000 for one in publications),
        "in_articles": statistics.median((sent[one.article_id] - one.began) * 1000 for one in publications),
        "announced": statistics.median((announced[f"path:{one.path}"] - one.began) * 1000 for one in publications),
        "visible": statistics.median(one.taken_ms for one in publications),
    }


async def _log(kafka: str, topic: Topic, name: Callable[[Event], str]) -> list[tuple[str, float]]:
    """Name and send time of every event in a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        found: list[tuple[str, float]] = []
        while fetched := await consumer.getmany(timeout_ms=1500):
            records = [as_record(record) for some in fetched.values() for record in some]
            found += [(name(decode(record)), record.timestamp_ms / 1000) for record in records]
        return found
    finally:
        await consumer.stop()


async def _publish_under_load(platform: Platform) -> list[Publication]:
    warm = await platform.publish("The first of all")
    gateway = platform.url("rendering")
    await platform.until_shown(warm["url"], str(warm["headline"]), base=gateway)
    readers = [asyncio.create_task(_read(platform, f"{gateway}{path}")) for path in ("/", warm["url"]) * (READERS // 2)]
    try:
        return [await _publish_and_see(platform, gateway, number) for number in range(PUBLICATIONS)]
    finally:
        for reader in readers:
            reader.cancel()


async def _read(platform: Platform, url: str) -> None:
    while True:
        async with platform.http.get(url) as answer:
            await answer.read()
        await asyncio.sleep(0.01)


async def _shows(platform: Platform, url: str) -> bool:
    async with platform.http.get(url) as answer:
        return answer.status == 200


async def _publish_and_see(platform: Platform, gateway: str, number: int) -> Publication:
    article = {"headline": f"Measured {number} {uuid4().hex}", "section": "world", "body_markdown": "A body."}
    draft = await platform.post("/v1/articles", article, wanted=201)
    url = f"{gateway}/world/{draft['slug']}"
    began = time.time()
    answering = asyncio.create_task(_publish(platform, draft))
    while not await _shows(platform, url):
        await asyncio.sleep(0.001)
    visible = time.time()
    return Publication(str(draft["id"]), f"/world/{draft['slug']}", began, await answering, visible)


async def _publish(platform: Platform, draft: Mapping[str, object]) -> float:
    await platform.act(draft, "publish", {})
    return time.time()


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"publish_to_visible_ms": measure_publish_to_visible}
