"""The steps that every publication needs, measured one at a time on an idle platform: the reference of `publish`."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import ReplaceOne

from services.rendering.feeds.syndication import Syndication
from services.rendering.gateway.page_builder import PageBuilder
from services.rendering.gateway.past_rankings import PastRankings
from services.rendering.gateway.service_client import ServiceClient
from services.rendering.pages.addresses import Address, read_address
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.store import ReadModel
from shared.events import Message
from shared.http.ready_response import DateLine
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.mongo.collections import Database, Session
from shared.site.site import load_site
from shared.times import now
from tests.bench.text import body_html
from tests.support.running import Platform

# Documents that the publication of a plain article changes.
_PROJECTED = 6
_BODY = body_html(12)


async def measure_steps(platform: Platform) -> dict[str, float]:
    """Median milliseconds of each step: the editor's transaction, a Kafka round trip, the projector's transaction, a render."""
    facts = platform.facts()
    first, *_ = [await platform.publish(f"Before all {number}") for number in range(12)]
    gateway = platform.url("rendering")
    await platform.until_shown(first["url"], str(first["headline"]), base=gateway)
    mongo = Mongo(str(facts["mongo"]))
    database = mongo.database(f"bench_{uuid4().hex[:8]}")
    try:
        changing, projecting = await _change(mongo, database), await _projection(mongo, database)
        return {
            "change": await _median_ms(changing),
            "trip": await _round_trip_ms(str(facts["kafka"])),
            "projection": await _median_ms(projecting),
            "render": await _median_ms(_render(mongo, str(first["url"]))),
        }
    finally:
        await database.client.drop_database(database.name)
        mongo.close()


async def _change(mongo: Mongo, database: Database) -> Callable[[], Awaitable[object]]:
    """A transaction like ingestion's: an article and an outbox entry."""
    notes = database["notes"]
    await notes.insert_one({"_id": "first"})

    async def write(session: Session) -> None:
        await notes.replace_one({"_id": "article"}, {"body": _BODY}, upsert=True, session=session)
        await notes.insert_one({"_id": uuid4().hex}, session=session)

    return lambda: mongo.transaction(write)


async def _projection(mongo: Mongo, database: Database) -> Callable[[], Awaitable[object]]:
    """A transaction like the projector's: documents loaded by name, and the same number written in bulk."""
    documents, names = database["documents"], [f"list:{number}:front" for number in range(_PROJECTED)]
    await documents.insert_many([{"_id": name, "version": 1, "body": _BODY} for name in names])

    async def write(session: Session) -> None:
        found = await documents.find({"_id": {"$in": names}}, session=session).to_list(None)
        replaced = [ReplaceOne({"_id": one["_id"]}, {"version": 2, "body": one["body"]}, upsert=True) for one in found]
        await documents.bulk_write(replaced, session=session, ordered=False)

    return lambda: mongo.transaction(write)


def _render(mongo: Mongo, path: str) -> Callable[[], Awaitable[object]]:
    """Render one article's page from its documents."""
    site, date, url = load_site(None), DateLine(), "http://127.0.0.1:8080"
    syndication = Syndication(site, url, "", date, now)
    page_builder = PageBuilder(
        ReadModel(mongo),
        Templates(site, url),
        site,
        date,
        now,
        syndication,
        PastRankings(ServiceClient("popularity", (), 1.0), now),
    )
    address = read_address(path)
    assert isinstance(address, Address), address
    return lambda: page_builder.build(address)


async def _round_trip_ms(kafka: str) -> float:
    # No service reads this topic.
    topic = "pages.v1.dlq"
    producer = Producer(kafka, idempotence=False)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="latest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.seek_to_end()

    async def round_trip() -> None:
        wanted = uuid4().hex.encode()
        waiting = asyncio.create_task(_receive(consumer, wanted))
        await producer.send(Message(topic, wanted, b"{}", ()))
        await waiting

    taken = await _median_ms(round_trip)
    await consumer.stop()
    await producer.stop()
    return taken


async def _receive(consumer: AIOKafkaConsumer, wanted: bytes) -> None:
    async for record in consumer:
        if record.key == wanted:
            return


async def _median_ms(work: Callable[[], Awaitable[object]], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)
