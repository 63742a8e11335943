"""Searches over HTTP, on an index that is filled from a real log."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientResponse

from services.search.rules import Question
from services.search.store import Found, SearchIndex
from shared.events import ArticleCorrected, ArticleState, ArticleWithdrawn, tombstone
from shared.times import rfc3339
from shared.topics import ARTICLES
from tests.support.polling import PATIENCE_S, promptly
from tests.support.projector import an_article
from tests.support.search import RunningSearch, items_in, running_search, search_settings, urls_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

SALT = an_article(
    id="salt", minute=1, headline="Salt from the brine", standfirst="A lagoon pays for its own pump.",
    body_html="<p>Behind the <em>Zwartkop</em> dunes the brine is led into flat pans. In Café Müller they talk of it.</p>",
    bylines=["Ines Halloran"], tags=["Desalination"], section="climate", url="/climate/salt",
)  # fmt: skip
TEA = an_article(
    id="tea", minute=2, headline="The tea auction falls silent", body_html="<p>Bidders bought by screen. Salt was not on sale.</p>",
    bylines=["Odhiambo Were"], tags=["Commodities"], section="economy", url="/economy/tea",
)  # fmt: skip
LIBRARY = an_article(
    id="library", minute=3, headline="المَكتبةُ المتنقّلة تصل إلى القرية", body_html="<p>قرأ الأطفال كتابًا عن أحمد.</p>",
    language="ar", section="middle-east", url="/middle-east/library",
)  # fmt: skip
OLD = an_article(
    id="old", minute=-600_000, headline="Lighthouse dark", body_html="<p>Same words.</p>", url="/world/old"
)
NEW = an_article(id="new", minute=5, headline="Lighthouse dark", body_html="<p>Same words.</p>", url="/world/new")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(kafka_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSearch]:
    settings = search_settings(kafka_url, tmp_path_factory.mktemp("search"))
    async with running_search(settings) as service:
        await service.publish(SALT, TEA, LIBRARY, OLD, NEW)
        await service.until("lighthouse dark", lambda found: len(found) == 2)
        await service.until("Zwartkop", bool)
        await service.until("كتاب", bool)
        yield service


@pytest.mark.parametrize(
    ("q", "url"),
    [
        ("brine", "/climate/salt"),
        ("zwartkop dunes", "/climate/salt"),
        ("own pump", "/climate/salt"),
        ("desalination", "/climate/salt"),
        ("Halloran", "/climate/salt"),
        ("zwart", "/climate/salt"),
        ("zwartkpo", "/climate/salt"),
        ("zwarktop dunes", "/climate/salt"),
        ("cafe muller", "/climate/salt"),
        ('"led into flat"', "/climate/salt"),
        ("auctions", "/economy/tea"),
        ("مكتبه", "/middle-east/library"),
        ("مكتبات متنقلة", "/middle-east/library"),
        ("احمد", "/middle-east/library"),
        ("المتنق", "/middle-east/library"),
    ],
)
async def test_article_is_found_by_its_words(service: RunningSearch, q: str, url: str) -> None:
    assert url in await service.urls(q)


@pytest.mark.parametrize(
    "q", ['"flat into led"', "brine auction", "sal zwartkop pump tea", "?!*", 'headline:salt AND (*:* OR "']
)
async def test_absent_words_find_nothing(service: RunningSearch, q: str) -> None:
    assert await service.search(q) == {"total": 0, "items": [], "next_cursor": None}


async def test_word_in_a_headline_ranks_before_one_in_a_text(service: RunningSearch) -> None:
    found = await service.urls("salt ")

    assert found.index("/climate/salt") < found.index("/economy/tea")


async def test_newer_of_equal_articles_ranks_first(service: RunningSearch) -> None:
    assert await service.urls("lighthouse dark same words") == ["/world/new", "/world/old"]


async def test_results_are_filtered_by_section_and_date(service: RunningSearch) -> None:
    assert "/economy/tea" not in await service.urls("salt", section="climate")
    assert await service.urls("lighthouse dark", to="2025-12-31") == ["/world/old"]
    assert await service.urls("lighthouse dark", **{"from": "2026-01-01"}) == ["/world/new"]
    assert await service.urls("lighthouse dark", **{"from": "9999-12-31"}) == []
    assert await service.urls("lighthouse dark", to="0001-01-01") == []
    assert len(await service.urls("lighthouse dark", **{"from": "0001-01-01", "to": "9999-12-30"})) == 2
    assert await service.urls("lighthouse dark", **{"from": "2026-03-01", "to": "2026-03-01"}) == ["/world/new"]


async def test_article_of_1605_is_found_by_its_date(service: RunningSearch) -> None:
    oldest = an_article(headline="Relation of Strasbourg", url="/world/relation")
    await service.publish(oldest.model_copy(update={"published_at": datetime(1605, 9, 1, tzinfo=UTC)}))
    await service.until("strasbourg", bool)

    assert await service.urls("strasbourg", **{"from": "1605-09-01", "to": "1605-09-01"}) == ["/world/relation"]
    (item,) = items_in(await service.search("strasbourg"))
    assert item["published_at"] == "1605-09-01T00:00:00.000Z"
    assert await service.urls("strasbourg", **{"from": "1605-09-02"}) == []


async def test_date_limits_are_inclusive_to_the_millisecond(service: RunningSearch) -> None:
    moments = [datetime(2001, 2, 3, 4, 5, 6, 1000 * ms, tzinfo=UTC) for ms in (0, 237, 238)]
    first, second, third = (
        an_article(headline="Kestrel Sound", url=f"/world/kestrel-{number}").model_copy(update={"published_at": moment})
        for number, moment in enumerate(moments)
    )
    await service.publish(first, second, third)
    await service.until("kestrel", lambda found: len(found) == 3)

    async def found(**limits: datetime) -> set[str]:
        asked = {name.rstrip("_"): rfc3339(moment) for name, moment in limits.items()}
        return set(await service.urls("kestrel", **asked))

    assert await found(from_=moments[1]) == {second.url, third.url}
    assert await found(to=moments[1]) == {first.url, second.url}
    assert await found(from_=moments[1], to=moments[1]) == {second.url}
    assert await found(from_=moments[2] + timedelta(milliseconds=1)) == set()


async def test_result_has_the_fields_of_a_list_and_a_marked_snippet(service: RunningSearch) -> None:
    answer = await service.search("zwartkop")

    assert answer["items"] == [
        {
            "article_id": "salt", "headline": "Salt from the brine", "url": "/climate/salt", "section": "climate",
            "published_at": "2026-03-01T06:01:00.000Z", "language": "en",
            "snippet_html": "A lagoon pays for its own pump. Behind the <mark>Zwartkop</mark> dunes the brine is led into flat "
            "pans. In Café Müller they talk of it.",
        }
    ]  # fmt: skip


async def test_pages_of_the_site_are_found(service: RunningSearch) -> None:
    assert "/privacy" in await service.urls("privacy")


async def test_cursor_leads_to_the_next_page(service: RunningSearch) -> None:
    first = await service.search("lighthouse dark", limit="1")
    second = await service.search("lighthouse dark", limit="1", cursor=str(first["next_cursor"]))

    assert [first["total"], second["total"]] == [2, 2]
    assert first["items"] != second["items"]
    assert second["next_cursor"] is None


async def test_withdrawn_article_is_gone_within_a_second(service: RunningSearch) -> None:
    async def take() -> float:
        article = an_article(headline="Ferry to Port Corriden")
        await service.publish(article)
        await service.until("corriden", bool)
        await service.publish(withdrawn(article, 2))
        sent_at = time.monotonic()
        await service.until("corriden", lambda found: not found)
        return time.monotonic() - sent_at

    await promptly(take, within_s=1.0)


async def test_corrected_text_replaces_the_former_one_and_stays_withdrawn(service: RunningSearch) -> None:
    article = an_article(headline="Ferry to Port Quillon", url="/world/ferry")
    await service.publish(article)
    await service.until("quillon", bool)
    await service.publish(changed(article, 2, headline="Ferry to Port Marrowby"))
    await service.until("marrowby", bool)
    assert await service.urls("quillon") == []

    await service.publish(withdrawn(article, 3))
    await service.until("marrowby", lambda found: not found)

    await service.publish(
        changed(article, 2, headline="Ferry to Port Marrowby"), following := an_article(headline="Jellaby Point")
    )
    await service.until("jellaby", lambda found: found == [following.url])
    assert await service.urls("marrowby") == []


async def test_erased_article_is_gone(service: RunningSearch) -> None:
    article = an_article(headline="The Umbermere letters")
    await service.publish(article)
    await service.until("umbermere", bool)

    await service.producer.send(tombstone(ARTICLES, article.id))

    await service.until("umbermere", lambda found: not found)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("", 422, "?q"),
        ("q=%00", 422, "?q"),
        ("q=" + "a" * 7000, 422, "?q"),
        ("q=a&limit=0", 422, "?limit"),
        ("q=a&limit=1e3", 422, "?limit"),
        ("q=a&section=moon", 422, "?section"),
        ("q=a&from=soon", 422, "?from"),
        ("q=a&cursor=x", 400, "?cursor"),
        ("q=a&page=2", 422, "?page"),
    ],
)
async def test_wrong_parameter_is_named(service: RunningSearch, query: str, status: int, pointer: str) -> None:
    async with service.client.get(f"/v1/search?{query}") as answer:
        problem = await answer.json()

    assert answer.status == status
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_too_many_searches_get_503_with_retry_after(service: RunningSearch, tmp_path: Path) -> None:
    settings = service.settings.model_copy(update={"search_index": tmp_path, "search_waiting": 0, "search_threads": 1})
    async with running_search(settings) as small:
        statuses = [answer.status for answer in await asyncio.gather(*(_raw(small, "salt brine") for _ in range(40)))]

    assert set(statuses) == {200, 503}


async def test_costly_searches_hold_their_share_of_threads_and_ordinary_ones_are_answered(
    service: RunningSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"search_index": tmp_path, "search_threads": 2, "search_waiting": 8, "search_wait_s": PATIENCE_S}
    released, forgive = threading.Event(), SearchIndex.search_forgivingly

    def held(index: SearchIndex, question: Question, offset: int, limit: int) -> Found:
        assert released.wait(PATIENCE_S)
        return forgive(index, question, offset, limit)

    monkeypatch.setattr(SearchIndex, "search_forgivingly", held)
    async with running_search(service.settings.model_copy(update=changes)) as busy:
        costly = [asyncio.create_task(_raw(busy, "zwartkpo")) for _ in range(12)]
        refused = [(await answer).status for _, answer in zip(range(9), asyncio.as_completed(costly), strict=False)]
        ordinary = [(await answer).status for answer in [_raw(busy, "zwartkop") for _ in range(10)]]
        released.set()
        statuses = sorted([(await answer).status for answer in costly])

    # One thread of two, and a quarter of the places to wait.
    assert refused == [503] * 9
    assert ordinary == [200] * 10
    assert statuses == [200] * 3 + [503] * 9


@pytest.mark.long
async def test_ordinary_searches_are_answered_during_costly_ones_on_long_texts(
    service: RunningSearch, tmp_path: Path
) -> None:
    letters = random.Random(14)
    articles = [
        an_article(headline=f"Long {n}", body_html=f"<p>{_different_words(letters, 1200)} quillwork tidegauge</p>")
        for n in range(100)
    ]
    async with running_search(service.settings.model_copy(update={"search_index": tmp_path})) as busy:
        await busy.publish(*articles)
        await busy.until("quillwork tidegauge", lambda found: len(found) == 100, limit="100")
        ended = asyncio.Event()

        async def attack() -> None:
            while not ended.is_set():
                await _raw(busy, "qiullwork tidegaueg", limit="100")

        attackers = [asyncio.create_task(attack()) for _ in range(12)]
        statuses = [(await _raw(busy, "zwartkop")).status for _ in range(100)]
        ended.set()
        await asyncio.gather(*attackers)

    assert statuses == [200] * 100


def _different_words(letters: random.Random, number: int) -> str:
    return " ".join("".join(letters.choices("abcdefghilmnoprstuvw", k=7)) for _ in range(number))


async def test_new_instance_answers_503_until_it_has_read_the_log(service: RunningSearch, tmp_path: Path) -> None:
    settings = service.settings.model_copy(update={"search_index": tmp_path})
    answers: list[tuple[int, list[str]]] = []
    async with running_search(settings, ready=False) as new:
        while not answers or answers[-1][0] != 200:
            async with new.client.get("/v1/search", params={"q": "zwartkop"}) as answer:
                body = await answer.json(content_type=None)
                answers.append((answer.status, urls_in(body) if answer.status == 200 else []))

    assert {status for status, _ in answers} == {200, 503}
    assert answers[-1][1] == ["/climate/salt"]


async def _raw(service: RunningSearch, q: str, **more: str) -> ClientResponse:
    answer = await service.client.get("/v1/search", params={"q": q, **more})
    assert answer.status == 200 or answer.headers["Retry-After"]
    return answer


def changed(article: ArticleState, version: int, **changes: object) -> ArticleState:
    """A later state of an article."""
    return ArticleCorrected.model_validate({**article.model_dump(), "version": version, **changes})


def withdrawn(article: ArticleState, version: int) -> ArticleState:
    """The withdrawal of an article."""
    return ArticleWithdrawn.model_validate({**article.model_dump(), "version": version, "status": "withdrawn"})
