"""Which views count, over HTTP and in the log: a person's, once, from this site, with the class of the page before."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.popularity.app import create_api
from services.popularity.model.store import Store
from services.popularity.views.pixel_routes import PIXEL
from shared.events import PageViewed, decode
from shared.ids import new_id
from shared.kafka.client import as_record
from shared.redis import connect
from shared.topics import VIEWS
from tests.support.polling import eventually
from tests.support.popularity import empty_redis, new_article, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OWN = "http://127.0.0.1:8080"


@dataclass
class Api:
    """A running api with all filters, and the views of views.v1 since it started."""

    client: "TestClient[web.Request, web.Application]"
    store: Store
    consumer: AIOKafkaConsumer

    async def publish(self) -> str:
        """An article that may be viewed."""
        article = new_article()
        await self.store.upsert_article(article)
        return article.id

    async def view(self, article: str, headers: Mapping[str, str], **fields: str) -> tuple[int, str]:
        """Send a view of a person's browser with more headers; returns the status and the event id."""
        body = {"article_id": article, "event_id": str(uuid4()), **fields}
        sent = {"User-Agent": FIREFOX, "X-Forwarded-For": "192.0.2.1", **headers}
        async with self.client.post("/v1/views", json=body, headers=sent) as answer:
            await answer.read()
            return answer.status, body["event_id"]

    async def logged(self, article: str, count: int) -> list[PageViewed]:
        """The article's next views in the log."""
        found: list[PageViewed] = []
        async with asyncio.timeout(60):
            while len(found) < count:
                for records in (await self.consumer.getmany(timeout_ms=200)).values():
                    events = [decode(as_record(record)) for record in records]
                    found += [
                        event for event in events if isinstance(event, PageViewed) and event.article_id == article
                    ]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(kafka_url: str, redis_url: str) -> AsyncIterator[Api]:
    async with empty_redis(redis_url, 8) as redis:
        patch = pytest.MonkeyPatch()
        # On a busy machine Redis may answer later than a reader would wait; then views count.
        patch.setattr("services.popularity.views.claims._WITHIN_S", 60.0)
        changes = {"view_filter": "on", "view_repeat_s": 1800, "view_network_most": 3}
        settings = settings_for(kafka_url, redis, **changes)
        store = Store(connect(redis))
        async with (
            AIOKafkaConsumer(bootstrap_servers=kafka_url, auto_offset_reset="latest") as consumer,
            TestClient(TestServer(create_api(settings))) as client,
        ):
            partitions = [TopicPartition(VIEWS.name, number) for number in range(VIEWS.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_end()

            async def has_keys() -> bool:
                return (await client.get("/health/ready")).status == 200

            await eventually(has_keys, what="the api is ready")
            yield Api(client, store, consumer)
        await store.close()
        patch.undo()


@pytest.mark.parametrize(
    "fields", [{}, {"event_id": "5B0E2F0A-9b6b-4b7e-8d34-1f5a1f0f6c52"}], ids=["fast path", "routes"]
)
async def test_each_reason_is_in_the_log_and_the_answer_is_the_same(api: Api, fields: dict[str, str]) -> None:
    article = await api.publish()
    cases = [
        ("prefetch", {"Sec-Purpose": "prefetch;prerender", "User-Agent": "Googlebot/2.1"}),
        ("bot", {"User-Agent": "Googlebot/2.1", "Cookie": "wm_session=x"}),
        ("bot", {"User-Agent": ""}),
        ("staff", {"Cookie": "theme=dark; wm_session=forged"}),
        (None, {}),
    ]

    answers = [await api.view(article, headers, **fields) for _, headers in cases]
    views = await api.logged(article, len(cases))

    assert [status for status, _ in answers] == [202] * len(cases)
    assert [view.dropped for view in views] == [reason for reason, _ in cases]
    assert len({view.visitor for view in views}) == 3
    assert {len(view.visitor) for view in views} == {16}


async def test_repeats_and_crowds_do_not_count_and_a_retry_does(api: Api) -> None:
    article = await api.publish()
    event = str(uuid4())

    for event_id in (event, event, str(uuid4())):
        await api.view(article, {}, event_id=event_id)
    for number in range(4):
        await api.view(article, {"User-Agent": f"{FIREFOX} {number}"})
    await api.view(article, {"X-Forwarded-For": "192.0.2.2"})
    views = await api.logged(article, 8)
    metrics = await (await api.client.get("/metrics")).text()

    assert [view.dropped for view in views] == [None, None, "repeat", None, None, "crowd", "crowd", None]
    assert [str(view.id) for view in views[:2]] == [event, event]
    assert 'wm_views_dropped_total{reason="crowd"} 2.0' in metrics


async def test_referrer_is_kept_as_a_class_on_both_paths(api: Api) -> None:
    article = await api.publish()
    long = "https://blog.example/" + "x" * 2_000

    for number, url in enumerate(
        ["https://www.google.com/search?q=a", "https://blog.example/a?b=c", long, "nonsense", OWN]
    ):
        await api.view(article, {"X-Forwarded-For": f"192.0.2.{number + 10}"}, referrer=url)
    views = await api.logged(article, 5)
    too_long = await api.view(article, {}, referrer="https://a.example/" + "x" * 5_000)

    kept = [(view.referrer, view.referrer_host) for view in views]
    blog = ("other", "blog.example")
    assert kept == [("search", ""), blog, blog, ("none", ""), ("site", "")]
    assert too_long[0] == 422


async def test_pixel_counts_as_a_view_and_is_always_a_picture(api: Api) -> None:
    article = await api.publish()

    async def ask(query: str, **headers: str) -> tuple[int, bytes, str]:
        sent = {"User-Agent": FIREFOX, "X-Forwarded-For": "198.51.100.1"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            ClientSession() as http,
            http.get(f"{api.client.make_url('/v1/views/pixel.gif')}?{query}", headers=sent) as got,
        ):
            return got.status, await got.read(), got.headers["Cache-Control"]

    query = f"article_id={article}"
    answers = [
        await ask(query, Sec_Fetch_Site="cross-site"),
        await ask(query, Referer="https://evil.example/"),
        await ask("article_id=unknown"),
        await ask(""),
        await ask(f"article_id={new_id()}&article_id={'x' * 100}"),
        await ask(query, Referer=f"{OWN}/world/a"),
        await ask(query, Sec_Fetch_Site="same-origin"),
        await ask(query, User_Agent="Googlebot/2.1"),
    ]
    views = await api.logged(article, 3)

    assert set(answers) == {(200, PIXEL, "no-store")}
    assert [view.dropped for view in views] == [None, "repeat", "bot"]
