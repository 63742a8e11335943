"""Popularity's routes as the contract says, with every kind of wrong input, and without Kafka."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from services.popularity.app import create_api
from shared.events import ArticleWithdrawn, PageViewed, encode
from shared.ids import new_id
from shared.kafka.tail import LogTail
from shared.times import now
from tests.support.polling import eventually
from tests.support.popularity import Popularity, empty_redis, new_article, next_state, running_popularity, settings_for
from tests.support.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def popularity(kafka_url: str, redis_url: str) -> AsyncIterator[Popularity]:
    async with (
        empty_redis(redis_url, 6) as redis,
        running_popularity(settings_for(kafka_url, redis, ranking_fresh_s=0.5)) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def article(popularity: Popularity) -> str:
    return (await popularity.publish()).id


async def _problem(answer: aiohttp.ClientResponse, status: int) -> list[str]:
    """The pointers of a problem document."""
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    problem = await answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    return [error["pointer"] for error in problem.get("errors", [])]


async def test_view_without_an_id_gets_one(popularity: Popularity, article: str) -> None:
    assert UUID(await popularity.view(article)) != UUID(await popularity.view(article))


async def test_plain_text_of_a_beacon_is_read_as_json(popularity: Popularity, article: str) -> None:
    answer = await popularity.api.post(
        "/v1/views", data=f'{{"article_id":"{article}"}}', headers={"Content-Type": "text/plain;charset=UTF-8"}
    )

    assert answer.status == 202
    assert answer.content_type == "application/json"
    assert (await answer.json()).keys() == {"event_id"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"", 400, []),
        (b"{", 400, []),
        (b"\xff", 400, []),
        (b"[]", 422, [""]),
        (b"null", 422, [""]),
        (b"{}", 422, ["/article_id"]),
        (b'{"article_id":7}', 422, ["/article_id"]),
        (b'{"article_id":""}', 422, ["/article_id"]),
        (b'{"article_id":"a","event_id":"nobody"}', 422, ["/event_id"]),
        (b'{"article_id":"a","event_id":7}', 422, ["/event_id"]),
        (b'{"article_id":"a","visitor":"me"}', 422, ["/visitor"]),
        (b'{"article_id":"no such article"}', 404, []),
        (b'{"article_id":"\\u0000"}', 404, []),
    ],
)
async def test_wrong_view_gets_a_problem_that_names_the_field(
    popularity: Popularity, body: bytes, status: int, pointers: list[str]
) -> None:
    answer = await popularity.api.post("/v1/views", data=body, headers=JSON)

    assert await _problem(answer, status) == pointers


async def test_other_types_other_methods_and_large_bodies_are_refused(popularity: Popularity, article: str) -> None:
    form = await popularity.api.post("/v1/views", data={"article_id": article})
    large = await popularity.api.post("/v1/views", data=b" " * 2_000_000, headers=JSON)
    read = await popularity.api.get("/v1/views")

    assert await _problem(form, 415) == []
    assert await _problem(large, 413) == []
    assert await _problem(read, 405) == []


async def test_unknown_young_article_gets_404_after_a_bounded_wait(popularity: Popularity) -> None:
    answer = await popularity.api.post("/v1/views", json={"article_id": new_id()})

    assert await _problem(answer, 404) == []


async def test_idempotency_key_counts_once_and_is_bound_to_its_body(popularity: Popularity, article: str) -> None:
    other = await popularity.publish()
    key = {"Idempotency-Key": uuid4().hex}
    body = {"article_id": other.id}

    first = await popularity.api.post("/v1/views", json=body, headers=key)
    again = await popularity.api.post("/v1/views", json=body, headers=key)
    wrong = await popularity.api.post("/v1/views", json={"article_id": article}, headers=key)
    bad = await popularity.api.post("/v1/views", json=body, headers={"Idempotency-Key": "x" * 201})

    assert (first.status, again.status) == (202, 202)
    assert await first.json() == await again.json()
    assert await _problem(wrong, 422) == []
    assert await _problem(bad, 422) == ["Idempotency-Key"]
    await popularity.view(other.id)
    await popularity.until_counted(other.id, 2)


async def test_idempotency_key_is_kept_for_accepted_views_only(
    popularity: Popularity,
) -> None:
    article, refused, taken = await popularity.publish(), uuid4().hex, uuid4().hex
    body = {"article_id": article.id}

    async def send(key: str, article_id: str) -> int:
        body, headers = {"article_id": article_id}, {"Idempotency-Key": key}
        return (await popularity.api.post("/v1/views", json=body, headers=headers)).status

    kept_at_first = await _kept_keys(popularity)
    before = [await send(taken, article.id), await send(refused, "no such article"), await send(taken, "another")]
    await popularity.producer.send(encode(next_state(article, ArticleWithdrawn)))
    await eventually(lambda: _is_gone(popularity, body), what="the withdrawal shows")
    after = [await send(taken, article.id), await send(refused, article.id)]

    assert before == [202, 404, 422]
    assert after == [202, 410]
    assert await _kept_keys(popularity) == kept_at_first + 1


async def _is_gone(popularity: Popularity, body: dict[str, str]) -> bool:
    return (await popularity.api.post("/v1/views", json=body)).status == 410


async def _kept_keys(popularity: Popularity) -> int:
    """The number of bound keys; other entries of the hashes count visitors."""
    async with Redis.from_url(popularity.settings.redis) as redis:
        hashes = [key async for key in redis.scan_iter("popularity:{keys}:[0-9]*")]
        names = [bytes(name) for key in hashes for name in await redis.hkeys(key)]  # type: ignore[arg-type]  # stub says str
    return sum(name.startswith(b"k") for name in names)


@pytest.mark.parametrize(
    "extra", [{}, {"event_id": "5B0E2F0A-9b6b-4b7e-8d34-1f5a1f0f6c52"}], ids=["fast path", "routes"]
)
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_view_from_another_sites_page_is_refused(
    popularity: Popularity, article: str, headers: dict[str, str], extra: dict[str, str]
) -> None:
    body = {"article_id": article, **extra}
    own = f"http://{popularity.api.host}:{popularity.api.port}"

    foreign = await popularity.api.post("/v1/views", json=body, headers=headers)
    same = await popularity.api.post("/v1/views", json=body, headers={"Origin": own})

    assert await _problem(foreign, 403) == []
    assert same.status == 202


async def test_keys_of_a_visitor_are_bounded_and_views_without_a_key_pass(
    popularity: Popularity, article: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.popularity.app.MOST_KEYS_OF_A_VISITOR", 2)
    async with TestClient(TestServer(create_api(popularity.settings))) as api:

        async def send(network: str, key: str | None) -> int:
            headers = {"X-Forwarded-For": network} | ({"Idempotency-Key": key} if key else {})
            return (await api.post("/v1/views", json={"article_id": article}, headers=headers)).status

        statuses = [await send("192.0.2.9", key) for key in ("1", "2", "3", "1", None)]
        other = await send("192.0.2.10", "3")

    assert statuses == [202, 202, 429, 202, 202]
    assert other == 202


async def test_a_ranking_has_the_shape_of_the_contract(popularity: Popularity) -> None:
    async def ranking() -> dict[str, object]:
        answer = await popularity.api.get("/v1/popular?window=7d&section=climate&limit=5")
        assert answer.status == 200
        return dict(await answer.json())

    async def is_computed() -> bool:
        return (await ranking())["computed_at"] is not None

    await eventually(is_computed, what="the ranking is computed")
    body = await ranking()
    assert body.keys() == {"window", "section", "computed_at", "items"}
    assert (body["window"], body["section"]) == ("7d", "climate")
    assert (await (await popularity.api.get("/v1/popular")).json())["window"] == "24h"
    assert (await (await popularity.api.get("/v1/popular")).json())["section"] is None

    async def is_confirmed_again() -> bool:
        return str((await ranking())["computed_at"]) > str(body["computed_at"])

    await eventually(is_confirmed_again, what="the ranking is confirmed without a view")


async def test_article_ranks_by_trend_tag_and_language_and_rises_with_its_visitors_counted(
    popularity: Popularity,
) -> None:
    article = new_article(section="economy").model_copy(update={"tags": ("Great Lakes", "x"), "language": "ar"})
    await popularity.producer.send(encode(article))
    await eventually(lambda: popularity.knows(article.id), what="popularity knows the article")
    views = [PageViewed(id=uuid4(), article_id=article.id, section="economy", viewed_at=now()) for _ in range(7)]
    views = [view.model_copy(update={"visitor": f"{number % 3:016x}"}) for number, view in enumerate(views, 1)]
    await popularity.producer.send(*(encode(view) for view in views))
    await popularity.until_counted(article.id, 7)

    async def ranks(**query: str) -> bool:
        found = [item for item in await popularity.popular(**query) if item["article_id"] == article.id]
        return (
            bool(found) and found[0]["views"] == 7 and ("score" in found[0]) == (query["window"] in "trending rising")
        )

    for place in ({}, {"section": "economy"}, {"tag": "great lakes"}, {"language": "ar"}):
        for window in ("1h", "trending", "rising"):
            await eventually(lambda: ranks(window=window, **place), what=f"{window} {place}")  # noqa: B023
    assert await popularity.popular(tag="unknown", window="trending") == []
    shown = await (await popularity.api.get(f"/v1/articles/{article.id}/views")).json()
    assert shown["visitors"] == {"24h": 2, "7d": 2, "30d": 2}  # the third has no name


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("tag=a&language=b", "?language"),
        ("tag=", "?tag"),
        ("tag=a&section=world", "?section"),
        ("language=ar&window=1d", "?window"),
        ("window=2h", "?window"),
        ("window=", "?window"),
        ("section=gardening", "?section"),
        ("limit=0", "?limit"),
        ("limit=101", "?limit"),
        ("limit=ten", "?limit"),
        ("limit=%D9%A1", "?limit"),
        ("top=5", "?top"),
    ],
)
async def test_wrong_ranking_query_names_the_parameter(popularity: Popularity, query: str, pointer: str) -> None:
    assert await _problem(await popularity.api.get(f"/v1/popular?{query}"), 422) == [pointer]


async def test_counts_have_each_window_and_unknown_articles_get_404(popularity: Popularity, article: str) -> None:
    known = await popularity.api.get(f"/v1/articles/{article}/views")
    unknown = await popularity.api.get(f"/v1/articles/{new_id()}/views")

    body = await known.json()
    assert body["article_id"] == article
    assert list(body["views"]) == ["1h", "24h", "7d", "30d", "all"]
    assert await _problem(unknown, 404) == []


async def test_counter_shows_its_lag_and_metrics(popularity: Popularity) -> None:
    ready = await (await popularity.counter.get("/health/ready")).json()
    exposed = await (await popularity.counter.get("/metrics")).text()

    assert ready["lag"] == 0
    assert ready["partitions"] == 9
    assert "wm_views_counted_total" in exposed


async def test_view_without_kafka_gets_503_with_retry_after(popularity: Popularity, article: str) -> None:
    settings = settings_for(f"127.0.0.1:{free_port()}", popularity.settings.redis)
    async with TestClient(TestServer(create_api(settings))) as alone:
        answer = await alone.post("/v1/views", json={"article_id": article})

        assert await _problem(answer, 503) == []
        assert int(answer.headers["Retry-After"]) > 0
        assert (await alone.get("/health/ready")).status == 503


class _StuckTail(LogTail):
    """A tail that follows the log and never reaches its end."""

    def _take(self, *_: object) -> None:
        return


async def test_api_is_not_ready_before_the_end_of_rankings(
    popularity: Popularity, article: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await popularity.view(article)
    await eventually(popularity.popular, what="there is a ranking")
    monkeypatch.setattr("services.popularity.wiring.LogTail", _StuckTail)

    async with TestClient(TestServer(create_api(popularity.settings))) as api:

        async def reports_unread_rankings() -> bool:
            answer = await api.get("/health/ready")
            return answer.status == 503 and "rankings.v1 is still being read" in await answer.text()

        await eventually(reports_unread_rankings, what="readiness reports unread rankings")
