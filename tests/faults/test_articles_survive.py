"""Promises 1 and 3: no acknowledged edit is lost, and no page returns to an older version."""

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support.faults import RECOVERY_BAR_S, kill_repeatedly, report
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

TOO_FEW_EDITIONS = 3
EXTRA_TIME_S = 40.0


class Editor:
    """Publishes one edition of an article after the other. Records the newest one sent and the newest acknowledged."""

    def __init__(self, platform: Platform, article: Mapping[str, object]) -> None:
        self.platform = platform
        self.id = str(article["id"])
        self.url = str(article["url"])
        self.acknowledged = 0
        self.sent = 0

    async def work(self, until: float) -> None:
        # A single call that waits for an engine may last longer than all faults, so continue until there are some editions.
        while (now := time.monotonic()) < until or (
            self.acknowledged <= TOO_FEW_EDITIONS and now < until + EXTRA_TIME_S
        ):
            with suppress(aiohttp.ClientError, TimeoutError):
                await self._publish_next()
            await asyncio.sleep(0.05)

    async def _publish_next(self) -> None:
        path = f"{self.platform.edge}/v1/articles/{self.id}"
        http, headers = self.platform.http, self.platform.editor
        async with http.get(path, headers=headers) as answer:
            if answer.status != 200:
                return
            article = await answer.json()
        self.sent += 1
        number = self.sent
        body = {"headline": "Edition", "section": "world", "body_markdown": f"This is edition {number} of the text."}
        async with http.put(path, json=body, headers={**headers, "If-Match": f'"{article["version"]}"'}) as answer:
            if answer.status != 200:
                return
            match = {**headers, "If-Match": answer.headers["ETag"]}
        async with http.post(f"{path}/publish", json={}, headers=match) as answer:
            if answer.status == 200:
                self.acknowledged = number


class Reader:
    """Reads one page of one gateway continuously, and records the editions that it shows."""

    def __init__(self, platform: Platform, url: str) -> None:
        self.platform = platform
        self.url = url
        self.seen: list[int] = []

    async def work(self, until: float) -> None:
        while time.monotonic() < until:
            with suppress(aiohttp.ClientError, TimeoutError):
                await self.look()
            await asyncio.sleep(0.02)

    async def look(self) -> int:
        status, text = await self.platform.page(self.url, base=self.platform.url("rendering"))
        found = re.search(r"This is edition (\d+) of the text", text)
        if status == 200 and found:
            self.seen.append(int(found[1]))
        return self.seen[-1] if self.seen else 0

    def steps_back(self) -> Sequence[tuple[int, int]]:
        return [(before, after) for before, after in pairwise(self.seen) if after < before]


@asynccontextmanager
async def _checked_editions(platform: Platform, seconds: float) -> AsyncIterator[Editor]:
    """Publish and read editions during the block. Afterwards, check that none was lost and that no page went back."""
    article = await platform.publish("Edition", body="This is edition 0 of the text.")
    editor, reader = Editor(platform, article), Reader(platform, str(article["url"]))
    until = time.monotonic() + seconds
    work = [asyncio.create_task(editor.work(until)), asyncio.create_task(reader.work(until + 2))]
    yield editor
    await asyncio.gather(*work)

    async def newest() -> bool:
        return await reader.look() >= editor.acknowledged

    await eventually(newest, what=lambda: f"edition {editor.acknowledged} shown\n{platform.output()}")
    assert reader.steps_back() == []
    assert editor.acknowledged > TOO_FEW_EDITIONS, "too few editions were acknowledged, so the test proves nothing"


async def _check_no_edition_is_lost(
    platform: Platform, victims: Sequence[tuple[str, int]], seconds: float, fault: str
) -> None:
    async with _checked_editions(platform, seconds) as editor:
        recoveries = await kill_repeatedly(platform, victims, seconds=seconds, every_s=3)

    report(f"{fault}: {editor.acknowledged} editions acknowledged, the newest shown, no step back", None, recoveries)
    assert max(recoveries) < RECOVERY_BAR_S


# By day: tests/integration/rendering/test_projector.py.
@pytest.mark.long
async def test_no_edition_is_lost_while_projectors_are_killed(platform: Platform, fault_seconds: float) -> None:
    await _check_no_edition_is_lost(
        platform, [("rendering-projector", 1), ("rendering-projector", 2)], fault_seconds, "projector killed"
    )


async def test_no_edition_is_lost_while_ingestion_is_killed(platform: Platform, fault_seconds: float) -> None:
    await _check_no_edition_is_lost(
        platform, [("ingestion", 1), ("ingestion", 2)], fault_seconds, "ingestion and relay killed"
    )


async def test_no_edition_is_lost_while_mongodb_is_killed(platform: Platform, fault_seconds: float) -> None:
    if not platform.processes("mongo"):
        pytest.skip("MongoDB does not belong to the platform")
    await _check_no_edition_is_lost(platform, [("mongo", 1)], max(fault_seconds, 8), "MongoDB killed")


# By day: tests/contract/shared/test_outbox.py.
@pytest.mark.long
async def test_relay_paused_past_its_lease_restores_no_older_edition(platform: Platform) -> None:
    async with _checked_editions(platform, 16) as editor:
        for instance in (1, 2):
            platform.signal("ingestion", signal.SIGSTOP, instance)
            await asyncio.sleep(7)  # longer than the relay's lease
            platform.signal("ingestion", signal.SIGCONT, instance)

    report(f"relay paused past its lease: {editor.acknowledged} editions acknowledged", None, [])


async def test_articles_and_comments_survive_an_emptied_broker(platform: Platform) -> None:
    if not platform.processes("kafka"):
        pytest.skip("the broker does not belong to the platform, and keeps its log")
    before = await platform.publish("Before the broker died")
    comment = {"name": "Ada", "email": "ada@example.org", "body": "Written before."}
    path = f"/v1/articles/{before['id']}/comments"

    async def commented() -> bool:
        async with platform.http.post(platform.edge + path, json=comment) as answer:
            return answer.status == 201

    await eventually(commented)
    platform.signal("kafka", signal.SIGKILL)
    after = await platform.publish("After the broker died")

    async def both_are_shown() -> bool:
        pages = [await platform.page(str(article["url"])) for article in (before, after)]
        return all(status == 200 for status, _ in pages)

    await eventually(both_are_shown, what=platform.output)

    async def log_is_complete() -> bool:
        return {str(before["id"]), str(after["id"])} <= await _article_ids_in_log(platform)

    assert await eventually(log_is_complete, what=platform.output)


async def _article_ids_in_log(platform: Platform) -> set[str]:
    consumer = AIOKafkaConsumer(bootstrap_servers=str(platform.facts()["kafka"]), auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition("articles.v1", number) for number in range(3)])
        await consumer.seek_to_beginning()
        found: set[str] = set()
        for _ in range(4):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found |= {json.loads(record.value)["id"] for record in records if record.value}
        return found
    finally:
        await consumer.stop()
