"""No acknowledged comment, edit or decision is lost, no reply is mailed twice, counts equal what is shown, whatever is killed."""

import asyncio
import re
import time
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.support.conversation import TOO_FEW, Conversation, Said, comments_on_pages, listed_comments, mails_to
from tests.support.faults import RECOVERY_BAR_S, kill_repeatedly, report
from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

VICTIMS = [("comments", 1), ("rendering-projector", 1), ("mongo", 1), ("redis", 1), ("comments", 2)]
READERS = 50
# They wait for replies by mail. A network may ask for twenty confirmations a day.
SUBSCRIBERS = 10


async def test_conversation_is_whole_while_its_processes_are_killed(platform: Platform, fault_seconds: float) -> None:
    published = [await platform.publish(f"A story that {word}") for word in ("talks", "waits")]
    stories = [str(article["id"]) for article in published]
    for story, mode in zip(stories, ("post", "pre"), strict=True):
        await _set_mode(platform, story, mode)
    seconds = max(fault_seconds, 20)
    subscribed = [await _subscribe(platform, stories[0], number) for number in range(SUBSCRIBERS)]
    talk = Conversation(platform, stories, subscribed, until=time.monotonic() + seconds)
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
    for comment_id in subscribed:
        talk.said[comment_id] = Said(stories[0], SUBSCRIBED_BODY, "published", "")
    await _expect_kept(platform, talk)
    await _expect_shown(platform, talk, {str(article["id"]): str(article["url"]) for article in published})
    await _expect_mailed_once(platform)
    report(
        f"comments (both), projector, MongoDB and Redis killed: {len(talk.said)} comments, {talk.edits} edits and "
        f"{talk.decisions} decisions kept, {talk.failed} requests failed and were repeated",
        None,
        recoveries,
    )
    assert max(recoveries) < RECOVERY_BAR_S


SUBSCRIBED_BODY = "A comment whose writer waits for replies by mail."


async def _subscribe(platform: Platform, story: str, number: int) -> str:
    """Post a comment that asks for mails about replies, and confirm the address by the link in the mail."""
    address = f"subscriber{number}@example.org"
    sent = {"name": f"Subscriber {number}", "email": address, "body": SUBSCRIBED_BODY, "notify": True}
    async with platform.http.post(f"{platform.edge}/v1/articles/{story}/comments", json=sent) as answer:
        assert answer.status == 201, await answer.text()
        comment_id = str((await answer.json())["id"])
    await eventually(lambda: _is_mailed(platform, address), what=f"a mail to {address}")
    (mail,) = mails_to(platform, address)
    link = re.search(r"/v1/comments/mail/verify\?token=[\w-]+", mail)
    assert link is not None, mail
    async with platform.http.post(platform.edge + link.group()) as answer:
        assert answer.status == 200, await answer.text()
    return comment_id


async def _is_mailed(platform: Platform, address: str) -> bool:
    return bool(mails_to(platform, address))


async def _expect_mailed_once(platform: Platform) -> None:
    """Each subscriber got the mail that confirms the address, and one about the reply."""

    async def all_mailed() -> bool:
        return all(len(mails_to(platform, f"subscriber{number}@example.org")) >= 2 for number in range(SUBSCRIBERS))

    await eventually(all_mailed, what=lambda: f"a mail about each reply\n{platform.output()}")
    counts = [len(mails_to(platform, f"subscriber{number}@example.org")) for number in range(SUBSCRIBERS)]
    assert counts == [2] * SUBSCRIBERS


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
        (listed, total), (shown, counted) = (
            await listed_comments(platform, story),
            await comments_on_pages(platform, url),
        )
        found = [len(listed), total, len(shown), counted]
        return sorted(listed) == sorted(shown) == wanted and total == counted == len(wanted)

    await eventually(agree, what=lambda: f"{url}: {len(wanted)} wanted; listed, total, on pages, counted: {found}")


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
