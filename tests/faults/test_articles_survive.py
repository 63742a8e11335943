"""Promises 1 and 3: nothing that an editor was promised is lost, and no page goes back to an older version."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import aiohttp
import pytest

from tests.support.faults import RECOVERY_BAR_S, kill_again_and_again, report
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

FEW = 3
PATIENCE_S = 40.0


class Editor:
    """Corrects one article again and again; remembers the newest version that was promised, and the newest tried."""

    def __init__(self, platform: Platform, article: Mapping[str, object]) -> None:
        self.platform = platform
        self.id = str(article["id"])
        self.url = str(article["url"])
        self.promised = 0
        self.tried = 0

    async def work(self, until: float) -> None:
        # One call that waits for an engine may outlast all the faults: there must be more than that to prove anything.
        while (now := time.monotonic()) < until or (self.promised <= FEW and now < until + PATIENCE_S):
            with suppress(aiohttp.ClientError, TimeoutError):
                await self._change()
            await asyncio.sleep(0.05)

    async def _change(self) -> None:
        path = f"{self.platform.edge}/v1/articles/{self.id}"
        http, headers = self.platform.http, self.platform.editor
        async with http.get(path, headers=headers) as answer:
            if answer.status != 200:
                return
            article = await answer.json()
        self.tried += 1
        number = self.tried
        body = {"headline": "Edition", "section": "world", "body_markdown": f"This is edition {number} of the text."}
        async with http.put(path, json=body, headers={**headers, "If-Match": f'"{article["version"]}"'}) as answer:
            if answer.status != 200:
                return
            match = {**headers, "If-Match": answer.headers["ETag"]}
        async with http.post(f"{path}/publish", json={}, headers=match) as answer:
            if answer.status == 200:
                self.promised = number


class Reader:
    """Reads one page of one gateway all the time and notes every step back."""

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
        return [(a, b) for a, b in zip(self.seen, self.seen[1:], strict=False) if b < a]


async def _live_through(platform: Platform, victims: Sequence[tuple[str, int]], seconds: float, what: str) -> None:
    article = await platform.publish("Edition", body="This is edition 0 of the text.")
    editor, reader = Editor(platform, article), Reader(platform, str(article["url"]))
    until = time.monotonic() + seconds
    work = [asyncio.create_task(editor.work(until)), asyncio.create_task(reader.work(until + 2))]

    recoveries = await kill_again_and_again(platform, victims, seconds=seconds, every_s=3)
    await asyncio.gather(*work)

    async def newest() -> bool:
        return await reader.look() >= editor.promised

    await eventually(newest, what=lambda: f"edition {editor.promised} shown\n{platform.output()}")
    assert editor.promised > FEW, "hardly anything was published: the test has proved nothing"
    assert reader.steps_back() == []
    report(f"{what}: {editor.promised} editions promised, the newest shown, none backwards", None, recoveries)
    assert max(recoveries) < RECOVERY_BAR_S


async def test_no_edition_is_lost_while_projectors_are_killed(platform: Platform, fault_seconds: float) -> None:
    await _live_through(
        platform, [("rendering-projector", 1), ("rendering-projector", 2)], fault_seconds, "projector killed"
    )


async def test_no_edition_is_lost_while_ingestion_and_its_relay_are_killed(
    platform: Platform, fault_seconds: float
) -> None:
    await _live_through(platform, [("ingestion", 1), ("ingestion", 2)], fault_seconds, "ingestion and relay killed")


async def test_no_edition_is_lost_while_mongodb_is_killed(platform: Platform, fault_seconds: float) -> None:
    if not platform.processes("mongo"):
        pytest.skip("MongoDB is not the platform's own")
    await _live_through(platform, [("mongo", 1)], max(fault_seconds, 8), "MongoDB killed")


async def test_a_relay_that_slept_past_its_lease_brings_no_older_edition_back(platform: Platform) -> None:
    article = await platform.publish("Edition", body="This is edition 0 of the text.")
    editor, reader = Editor(platform, article), Reader(platform, str(article["url"]))
    until = time.monotonic() + 16
    work = [asyncio.create_task(editor.work(until)), asyncio.create_task(reader.work(until + 2))]

    for instance in (1, 2):
        platform.signal("ingestion", signal.SIGSTOP, instance)
        await asyncio.sleep(7)  # longer than the relay's lease
        platform.signal("ingestion", signal.SIGCONT, instance)
    await asyncio.gather(*work)

    async def newest() -> bool:
        return await reader.look() >= editor.promised

    await eventually(newest, what=lambda: f"edition {editor.promised} shown\n{platform.output()}")
    assert editor.promised > FEW, "too few editions were acknowledged: the test has proved nothing"
    assert reader.steps_back() == []
    report(f"relay stopped past its lease: {editor.promised} editions promised", None, [])


async def test_comments_and_articles_are_whole_after_the_broker_came_back_empty(platform: Platform) -> None:
    if not platform.processes("kafka"):
        pytest.skip("the broker is not the platform's own: a real one does not forget")
    before = await platform.publish("Before the broker died")
    comment = {"name": "Ada", "email": "ada@example.org", "body": "Written before."}
    path = f"/v1/articles/{before['id']}/comments"

    async def commented() -> bool:
        async with platform.http.post(platform.edge + path, json=comment) as answer:
            return answer.status == 201

    await eventually(commented)
    platform.signal("kafka", signal.SIGKILL)
    after = await platform.publish("After the broker died")

    async def both_are_read() -> bool:
        pages = [await platform.page(str(article["url"])) for article in (before, after)]
        return all(status == 200 for status, _ in pages)

    await eventually(both_are_read, what=lambda: platform.output())

    async def the_log_is_whole() -> bool:
        return {str(before["id"]), str(after["id"])} <= await _article_ids_in_the_log(platform)

    await eventually(the_log_is_whole, what=lambda: platform.output())


async def _article_ids_in_the_log(platform: Platform) -> set[str]:
    from aiokafka import AIOKafkaConsumer, TopicPartition

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
