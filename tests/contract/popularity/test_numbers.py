"""The numbers for editors over HTTP, with a real ingestion for tokens, MongoDB for rolled-up days, and Redis for live ones."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from services.ingestion.people.audit import AuditFilters
from services.ingestion.store import Store as IngestionStore
from services.popularity.app import create_api
from services.popularity.model.rules import day_of, hour_start, hours_of, shift_day
from services.popularity.model.store import Store, views_partition
from services.popularity.numbers.periods import text_of
from shared.site.site import load_site
from shared.times import now
from tests.support.comments import running_ingestion
from tests.support.popularity import empty_redis, new_article, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="module")
ZONE = load_site(None).zone
# The service may be in the next day already when it is asked: so each test names its days.
NOW = int(time()) // 60
TODAY = day_of(NOW, ZONE)


@dataclass
class Numbers:
    """A running api with its engines."""

    api: "TestClient[aiohttp.web.Request, aiohttp.web.Application]"
    redis: Redis
    store: Store
    tokens: Mapping[str, str]
    ingestion: IngestionStore

    async def get(self, path: str, role: str = "reporter", **query: str) -> Any:
        """The JSON of an answer that must be 200."""
        answer = await self.api.get(path, params=query, headers=self.bearer(role))
        assert answer.status == 200, await answer.text()
        return await answer.json()

    def bearer(self, role: str) -> dict[str, str]:
        """The header with a role's token."""
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    async def count(
        self, article: str, day: str, start: int, letter: str, visitors: int, section: str = "world"
    ) -> None:
        """Write views of different visitors as `apply_views.lua` does."""
        base = f"popularity:{{p{views_partition(article)}}}:"
        await self.redis.hset(f"{base}days", day, "0:0:0:10")
        await self.redis.hincrby(f"{base}hours:{day}", f"{article}|{start}|{letter}", visitors)
        await self.redis.zincrby(f"{base}day:{day}", visitors, article)
        await self.redis.zincrby(f"{base}sum:all:s:{section}", visitors, article)
        for scope in ("site", f"s:{section}"):
            await self.redis.hincrby(f"{base}scopes:{day}", f"{scope}|{start}|{letter}", visitors)
        names = [uuid4().hex[:16] for _ in range(visitors)]
        for name in (article, "site", f"s:{section}"):
            await self.redis.pfadd(f"{base}visitors:{day}:{name}", *names)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def numbers(kafka_url: str, mongo_url: str, redis_url: str) -> AsyncIterator[Numbers]:
    database = f"test_{uuid4().hex[:12]}"
    async with empty_redis(redis_url, 7) as redis:
        settings = settings_for(kafka_url, redis, mongo=mongo_url, popularity_database=database)
        async with running_ingestion(settings, database) as (url, tokens, ingestion):
            settings = settings.model_copy(update={"ingestion": url})
            client = Redis.from_url(redis)
            async with TestClient(TestServer(create_api(settings))) as api:
                yield Numbers(api, client, Store(client), tokens, ingestion)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def article(numbers: Numbers) -> str:
    """An article with three views today, two of them from a search, and one yesterday."""
    article = new_article("Boats, again").model_copy(update={"published_at": now() - timedelta(days=2)})
    await numbers.store.upsert_article(article)
    await numbers.count(article.id, TODAY, hour_start(NOW, ZONE), "s", 2)
    await numbers.count(article.id, TODAY, hour_start(NOW, ZONE), "x", 1)
    await numbers.redis.hset(f"popularity:{{p{views_partition(article.id)}}}:hosts:{TODAY}", "news.example", 1)
    yesterday = shift_day(TODAY, -1)
    await numbers.count(article.id, yesterday, hours_of(yesterday, ZONE)[5], "n", 1)
    return article.id


async def test_numbers_by_day_have_views_visitors_and_referrers_of_live_days(numbers: Numbers, article: str) -> None:
    week = {"from": shift_day(TODAY, -6), "to": TODAY}
    found = await numbers.get("/v1/numbers", article_id=article, **week)

    assert found["by"] == "day"
    assert [item["views"] for item in found["items"]] == [0, 0, 0, 0, 0, 1, 3]
    assert found["items"][-1] == {
        "key": TODAY,
        "views": 3,
        "visitors": 3,
        "referrers": {"search": 2, "social": 0, "site": 0, "other": 1, "none": 0, "adjusted": 0},
    }
    assert found["total"] == {"views": 4, "visitors": 4}
    assert found["adjustments"] == []
    assert "visitor" in found["definition"]
    by_default = await numbers.get("/v1/numbers", article_id=article)
    assert (len(by_default["items"]), by_default["total"]) == (7, {"views": 4, "visitors": 4})


async def test_numbers_by_hour_article_section_and_referrer_agree(numbers: Numbers, article: str) -> None:
    day = {"from": TODAY, "to": TODAY}
    hours = await numbers.get("/v1/numbers", section="world", by="hour", **day)
    articles = await numbers.get("/v1/numbers", section="world", by="article", **day)
    others = await numbers.get("/v1/numbers", section="sports", by="article", **day)
    sections = await numbers.get("/v1/numbers", by="section", **day)
    referrers = await numbers.get("/v1/numbers", by="referrer", **day)

    assert [item["views"] for item in hours["items"] if item["views"]] == [3]
    assert hours["total"] == {"views": 3, "visitors": 3}
    assert [(item["key"], item["views"], item["visitors"]) for item in articles["items"]] == [(article, 3, 3)]
    assert articles["items"][0]["headline"] == "Boats, again"
    assert others["items"] == []
    assert sections["items"][0] == {"key": "world", "views": 3, "visitors": 3}
    assert {item["key"]: item["views"] for item in referrers["items"] if item["views"]} == {
        "search": 2,
        "other": 1,
        "other:news.example": 1,
    }


async def test_csv_has_the_items_and_no_formula(numbers: Numbers, article: str) -> None:
    formula = new_article("=HYPERLINK(1)", section="sports")
    await numbers.store.upsert_article(formula)
    await numbers.count(formula.id, TODAY, hour_start(NOW, ZONE), "n", 1, section="sports")
    answer = await numbers.api.get(
        "/v1/numbers.csv",
        params={"section": "sports", "by": "article", "from": TODAY, "to": TODAY},
        headers=numbers.bearer("admin"),
    )

    assert answer.content_type == "text/csv"
    assert await answer.text() == (
        f"key,views,visitors,headline,url,section\r\n{formula.id},1,1,'=HYPERLINK(1),{formula.url},sports\r\n"
    )


async def test_drops_have_reasons_by_day(numbers: Numbers, article: str) -> None:
    base = f"popularity:{{p{views_partition(article)}}}:"
    await numbers.redis.hset(f"{base}dropped:{TODAY}", mapping={"bot": 4, "repeat": 2})

    found = await numbers.get("/v1/numbers/drops", **{"from": TODAY, "to": TODAY})

    assert found["items"] == [
        {"day": TODAY, "reason": "bot", "views": 4},
        {"day": TODAY, "reason": "repeat", "views": 2},
    ]


async def test_now_has_readers_by_section_and_article(numbers: Numbers, article: str) -> None:
    base, minute = f"popularity:{{p{views_partition(article)}}}:", int(time()) // 60
    await numbers.redis.pfadd(f"{base}readers:{minute}", "a", "b")
    await numbers.redis.pfadd(f"{base}readers:{minute}:s:world", "a")
    await numbers.redis.zadd(f"{base}bucket:1h:{minute}", {article: 2})

    found = await numbers.get("/v1/numbers/now", role="moderator")

    assert (found["readers"]["site"], found["readers"]["sections"]["world"]) == (2, 1)
    assert found["readers"]["sections"]["sports"] == 0
    assert [(item["article_id"], item["readers"], item["rising"]) for item in found["articles"]] == [
        (article, 2, False)
    ]


async def test_archive_of_a_live_day_is_public_and_not_complete(numbers: Numbers, article: str) -> None:
    yesterday = shift_day(TODAY, -1)
    answer = await numbers.api.get("/v1/numbers/archive", params={"day": yesterday, "section": "world"})
    future = await numbers.api.get("/v1/numbers/archive", params={"week": "2199-W01"})
    wrong = await numbers.api.get("/v1/numbers/archive", params={"week": "2026-W54"})
    far = [await numbers.api.get("/v1/numbers/archive", params={"week": week}) for week in ("9999-W52", "0001-W01")]

    found = await answer.json()
    assert (found["day"], found["week"], found["first_day"], found["complete"]) == (yesterday, None, yesterday, False)
    assert [(item["article_id"], item["views"]) for item in found["items"]] == [(article, 1)]
    assert (await future.json())["items"] == []
    assert [error["pointer"] for error in (await wrong.json())["errors"]] == ["?week"]
    assert [answer.status for answer in far] == [422, 422]


async def test_adjustment_is_made_once_and_shown_beside_the_number_and_in_the_audit(
    numbers: Numbers, article: str
) -> None:
    yesterday = shift_day(TODAY, -1)
    sent = {
        "article_id": article,
        "views": -120,
        "window_start": text_of(hours_of(yesterday, ZONE)[5]),
        "reason": "bots",
    }
    key = numbers.bearer("admin") | {"Idempotency-Key": uuid4().hex}
    answers = [await numbers.api.post("/v1/numbers/adjustments", json=sent, headers=key) for _ in range(2)]
    other = await numbers.api.post("/v1/numbers/adjustments", json={**sent, "views": -1}, headers=key)
    refused = await numbers.api.post("/v1/numbers/adjustments", json=sent, headers=numbers.bearer("editor"))

    assert [answer.status for answer in answers] == [201, 201]
    made = await answers[0].json()
    assert made == await answers[1].json()
    assert (other.status, refused.status) == (422, 403)
    assert (made["views"], made["reason"], made["by"]) == (-120, "bots", "the admin")
    for scope in ({"article_id": article}, {"section": "world"}, {}):
        assert (await numbers.get("/v1/numbers", **scope))["adjustments"] == [made]
    assert (await numbers.get("/v1/numbers", section="sports"))["adjustments"] == []
    assert (await numbers.get("/v1/numbers", **{"from": TODAY}))["adjustments"] == []
    assert (await numbers.get("/v1/numbers/adjustments")) == {"items": [made], "next_cursor": None}
    later = [
        await numbers.api.post("/v1/numbers/adjustments", json=sent, headers=numbers.bearer("admin")) for _ in "123"
    ]
    ids = [made["id"], *[(await answer.json())["id"] for answer in later]]
    assert ids == sorted(set(ids)), "ids are sortable by creation"
    entries, _ = await numbers.ingestion.audit.page(AuditFilters(action="numbers.adjust"), None, 10)
    assert [(entry.id, entry.object, entry.details["views"]) for entry in entries] == [
        (made_id, article, -120) for made_id in reversed(ids)
    ]
    assert entries[0].network == "127.0.0.0/24"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"views": 0}, "/views"),
        ({"views": 1.5}, "/views"),
        ({"reason": "  "}, "/reason"),
        ({"window_start": "2026-11-28"}, "/window_start"),
        ({"window_start": "2199-01-01T00:00:00Z"}, "/window_start"),
        ({"window_start": "2001-01-01T00:00:00Z"}, "/window_start"),
        ({"by": "me"}, "/by"),
    ],
)
async def test_wrong_adjustment_names_its_field(
    numbers: Numbers, article: str, changed: Mapping[str, object], pointer: str
) -> None:
    sent = {"article_id": article, "views": -1, "window_start": "2026-11-01T00:00:00Z", "reason": "bots", **changed}

    answer = await numbers.api.post("/v1/numbers/adjustments", json=sent, headers=numbers.bearer("admin"))

    assert answer.status == 422
    assert [error["pointer"] for error in (await answer.json())["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"by": "year"}, "?by"),
        ({"section": "nowhere"}, "?section"),
        ({"section": "world", "tag": "x"}, "?tag"),
        ({"from": "yesterday"}, "?from"),
        ({"from": "2026-11-28T09:00:00"}, "?from"),
        ({"from": "0001-01-01"}, "?from"),
        ({"to": "9999-12-31T23:59:59Z"}, "?to"),
        ({"from": "2026-11-28", "to": "2026-11-27"}, "?from"),
        ({"from": "2026-01-01", "to": "2026-11-27", "by": "hour"}, "?from"),
        ({"tag": "x", "by": "section"}, "?by"),
        ({"limit": "0"}, "?limit"),
        ({"span": "week"}, "?span"),
    ],
)
async def test_wrong_question_names_its_field(numbers: Numbers, query: Mapping[str, str], pointer: str) -> None:
    answer = await numbers.api.get("/v1/numbers", params=query, headers=numbers.bearer("moderator"))

    assert answer.status == 422
    assert [error["pointer"] for error in (await answer.json())["errors"]] == [pointer]


async def test_numbers_need_a_credential_and_a_known_article(numbers: Numbers) -> None:
    nobody = await numbers.api.get("/v1/numbers")
    unknown = await numbers.api.get("/v1/numbers", params={"article_id": "none"}, headers=numbers.bearer("admin"))

    assert nobody.status == 401
    assert unknown.status == 404
