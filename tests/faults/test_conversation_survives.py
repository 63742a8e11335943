"""No acknowledged comment, edit or decision is lost, and the pages' counts equal what they show, whichever process is killed."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support.faults import RECOVERY_BAR_S, kill_repeatedly, report
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

VICTIMS = [("comments", 1), ("rendering-projector", 1), ("mongo", 1), ("redis", 1), ("comments", 2)]
READERS = 50
# One answer says that the faults came in between, so the test must see some of each kind.
TOO_FEW = 5
EXTRA_TIME_S = 60.0
_SHOWN = re.compile(
    r'<div class="comment[^"]*" id="comment-([0-9a-z]+)"(?:(?!<div class="comment).)*?class="comment-by"', re.DOTALL
)
_STATUS_AFTER = {"approve": "published", "reject": "rejected"}


@dataclass
class Said:
    """A comment that was acknowledged: its text, and the status that it must have at the end."""

    article_id: str
    body: str
    status: str
    edit_token: str


@dataclass
class Conversation:
    """Fifty readers and two moderators on two stories: one publishes at once, one holds everything."""

    platform: Platform
    stories: list[str]
    said: dict[str, Said] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    decisions: int = 0
    edits: int = 0
    failed: int = 0
    until: float = 0.0

    def goes_on(self) -> bool:
        at, few = time.monotonic(), min(len(self.said) // 4, self.decisions, self.edits) <= TOO_FEW
        return at < self.until or (few and at < self.until + EXTRA_TIME_S)

    async def until_acknowledged(
        self, send: Callable[[], Awaitable[aiohttp.ClientResponse]], *wanted: int
    ) -> dict[str, object] | None:
        """Repeat one request, with its Idempotency-Key, until an answer of `wanted`; None for another answer below 500."""
        end = time.monotonic() + EXTRA_TIME_S
        while time.monotonic() < end:
            try:
                answer = await send()
                if answer.status in wanted:
                    found: dict[str, object] = await answer.json()
                    return found
                if answer.status < 500:
                    raise AssertionError(f"{answer.url}: {answer.status} {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError):
                pass
            self.failed += 1
            await asyncio.sleep(0.2)
        return None

    async def read_and_write(self, number: int) -> None:
        """One reader: comments, replies, and edits of the own last comment."""
        turn = 0
        while self.goes_on():
            turn += 1
            story = self.stories[(number + turn) % len(self.stories)]
            if turn % 5 == 0:
                await self._edit()
            await self._say(number, story, f"Reader {number} says a thing for the time {turn}, as {uuid4().hex}.")
            await asyncio.sleep(0.3)

    async def _say(self, number: int, story: str, body: str) -> None:
        sent = {"name": f"Reader {number}", "email": f"reader{number}@example.org", "body": body}
        above = next(
            (
                one
                for one, said in reversed(self.said.items())
                if said.article_id == story and said.status == "published"
            ),
            None,
        )
        if above is not None and number % 3 == 0:
            sent["parent_id"] = above
        headers, url = {"Idempotency-Key": uuid4().hex}, f"{self.platform.edge}/v1/articles/{story}/comments"
        found = await self.until_acknowledged(lambda: self.platform.http.post(url, json=sent, headers=headers), 201)
        if found is not None:
            self.said[str(found["id"])] = Said(story, body, str(found["status"]), str(found["edit_token"]))

    async def _edit(self) -> None:
        mine = next(
            (
                one
                for one, said in reversed(self.said.items())
                if said.article_id == self.stories[0] and said.edit_token
            ),
            None,
        )
        if mine is None:
            return
        said, body = self.said[mine], f"{uuid4().hex} in other words."
        token, said.edit_token = said.edit_token, ""
        url, headers = (
            f"{self.platform.edge}/v1/comments/{mine}",
            {"Authorization": f"Comment {token}", "Idempotency-Key": uuid4().hex},
        )
        found = await self.until_acknowledged(
            lambda: self.platform.http.patch(url, json={"body": body}, headers=headers), 200
        )
        assert found is not None, "an edit was never acknowledged"
        said.body, said.status = body, str(found["status"])
        self.edits += 1

    async def moderate(self, number: int) -> None:
        """One moderator: reads the queue and decides about what was seen, in that version."""
        while self.goes_on():
            await self._decide("approve" if (self.decisions + number) % 3 else "reject")
            await asyncio.sleep(0.1)

    async def _decide(self, action: str) -> None:
        base, editor = f"{self.platform.edge}/v1/comments", self.platform.editor
        seen = await self.until_acknowledged(
            lambda: self.platform.http.get(f"{base}?queue=pending&limit=10", headers=editor), 200
        )
        items = seen["items"] if seen is not None else []
        assert isinstance(items, list)
        if not items:
            return
        versions = {item["id"]: item["version"] for item in items}
        sent = {"ids": list(versions), "action": action, "reason": "A test.", "versions": versions}
        headers = {**editor, "Idempotency-Key": uuid4().hex}
        done = await self.until_acknowledged(
            lambda: self.platform.http.post(f"{base}/decisions", json=sent, headers=headers), 200
        )
        assert done is not None, "a decision was never acknowledged"
        conflicts = done["conflicts"]
        assert isinstance(conflicts, list)
        for comment_id in versions.keys() - {conflict["id"] for conflict in conflicts}:
            self.decided[comment_id] = _STATUS_AFTER[action]
            self.decisions += 1


async def test_conversation_is_whole_while_its_processes_are_killed(platform: Platform, fault_seconds: float) -> None:
    published = [await platform.publish(f"A story that {word}") for word in ("talks", "waits")]
    stories = [str(article["id"]) for article in published]
    for story, mode in zip(stories, ("post", "pre"), strict=True):
        await _set_mode(platform, story, mode)
    seconds = max(fault_seconds, 20)
    talk = Conversation(platform, stories, until=time.monotonic() + seconds)
    victims = [victim for victim in VICTIMS if len(platform.processes(victim[0])) >= victim[1]]

    async with asyncio.TaskGroup() as group:
        for number in range(READERS):
            group.create_task(talk.read_and_write(number))
        for number in (1, 2):
            group.create_task(talk.moderate(number))
        recoveries = await kill_repeatedly(platform, victims, seconds=seconds, every_s=4)

    assert min(len(talk.said) // 4, talk.decisions, talk.edits) > TOO_FEW, (
        "too few acknowledged: the test proves nothing"
    )
    for comment_id, status in talk.decided.items():
        if comment_id in talk.said:
            talk.said[comment_id].status = status
    await _expect_kept(platform, talk)
    await _expect_shown(platform, talk, {str(article["id"]): str(article["url"]) for article in published})
    report(
        f"comments (both), projector, MongoDB and Redis killed: {len(talk.said)} comments, {talk.edits} edits and "
        f"{talk.decisions} decisions kept, {talk.failed} requests failed and were repeated",
        None,
        recoveries,
    )
    assert max(recoveries) < RECOVERY_BAR_S


async def _set_mode(platform: Platform, story: str, mode: str) -> None:
    async def is_set() -> bool:
        url = f"{platform.edge}/v1/articles/{story}/discussion"
        async with platform.http.put(url, json={"mode": mode}, headers=platform.editor) as answer:
            return answer.status == 200

    await eventually(is_set, what=lambda: f"the discussion has the mode {mode}\n{platform.output()}")


async def _expect_kept(platform: Platform, talk: Conversation) -> None:
    """Each acknowledged comment exists with its last acknowledged text and status."""
    for comment_id, said in talk.said.items():
        async with platform.http.get(f"{platform.edge}/v1/comments/{comment_id}", headers=platform.editor) as answer:
            assert answer.status == 200, f"comment {comment_id} is lost: {await answer.text()}"
            kept = await answer.json()
        assert (kept["body"], kept["status"]) == (said.body, said.status), comment_id


async def _expect_shown(platform: Platform, talk: Conversation, urls: dict[str, str]) -> None:
    """API and pages show each published comment once, and their counts are the number of these."""
    for story, url in urls.items():
        wanted = {one for one, said in talk.said.items() if said.article_id == story and said.status == "published"}
        await _until_shown(platform, story, url, sorted(wanted))


async def _until_shown(platform: Platform, story: str, url: str, wanted: list[str]) -> None:
    found: list[object] = []

    async def agree() -> bool:
        nonlocal found
        (listed, total), (shown, counted) = await _listed(platform, story), await _on_pages(platform, url)
        found = [len(listed), total, len(shown), counted]
        return sorted(listed) == sorted(shown) == wanted and total == counted == len(wanted)

    await eventually(agree, what=lambda: f"{url}: {len(wanted)} wanted; listed, total, on pages, counted: {found}")


async def _listed(platform: Platform, story: str) -> tuple[list[str], int]:
    ids: list[str] = []
    cursor: str | None = ""
    total = 0
    while cursor is not None:
        query = "?limit=100" + (f"&cursor={cursor}" if cursor else "")
        async with platform.http.get(f"{platform.edge}/v1/articles/{story}/comments{query}") as answer:
            found = await answer.json()
        waiting = list(found["items"])
        while waiting:
            item = waiting.pop()
            waiting += item["replies"]
            if item["status"] == "published":
                ids.append(item["id"])
        cursor, total = found["next_cursor"], found["total"]
    return ids, total


async def _on_pages(platform: Platform, url: str) -> tuple[list[str], int]:
    """The ids of all comments with text on an article's pages, and the number in their title."""
    ids: list[str] = []
    number, counted = 1, 0
    while True:
        status, text = await platform.page(f"{url}?comments={number}")
        if status == 404 or (status in (301, 302) and number > 1):
            return ids, counted
        if status != 200:
            status, text = await platform.page(url)
        ids += _SHOWN.findall(text)
        title = re.search(r"data-comments-title>\s*([\d,.]+)", text)
        counted = int(re.sub(r"\D", "", title.group(1))) if title else 0
        pages = re.search(r"pages-here\">[^<]*?(\d+)\D+(\d+)", text)
        if pages is None or int(pages.group(1)) >= int(pages.group(2)):
            return ids, counted
        number += 1


async def test_no_address_of_a_reader_is_in_any_topic_log_or_page(platform: Platform) -> None:
    article = await platform.publish("A story without addresses")
    secret = f"reader-{uuid4().hex}"
    sent = {"name": "Ada", "email": f"{secret}@example.org", "body": "A comment.", "notify": True}
    path = f"/v1/articles/{article['id']}/comments"

    async def is_posted() -> bool:
        async with platform.http.post(platform.edge + path, json=sent) as answer:
            return answer.status == 201

    await eventually(is_posted, what="the comment is accepted")
    await platform.post(
        "/v1/comments/bans", {"email": f"{secret}@example.org", "reason": "A test.", "until": None}, wanted=201
    )
    await platform.post("/v1/comments/people-data/erase", {"email": f"{secret}@example.org"})
    await platform.until_shown(article["url"], "A story without addresses")

    _, page = await platform.page(str(article["url"]))
    logs = (platform.data / "output.log").read_text(errors="replace")
    records = await _all_records(str(platform.facts()["kafka"]))

    assert any(str(article["id"]).encode() in record for record in records), "the topics were not read"
    assert [secret in page, secret in logs] == [False, False]
    assert not [record for record in records if secret.encode() in record]


async def _all_records(kafka: str) -> list[bytes]:
    """Keys, values and headers of all records of all topics, up to their present ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        topics = await consumer.topics()
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()
        ]
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: list[bytes] = []
        waiting = {one for one in partitions if begins[one] < ends[one]}
        while waiting:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [repr((record.key, record.value, record.headers)).encode() for record in records]
            waiting = {one for one in waiting if await consumer.position(one) < ends[one]}
        return found
    finally:
        await consumer.stop()
