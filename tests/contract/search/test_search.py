"""What readers find: the service over HTTP, its index on disk, articles from a real log."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from shared.events import ArticleCorrected, ArticleState, ArticleWithdrawn, tombstone
from shared.times import rfc3339
from shared.topics import ARTICLES
from tests.support.polling import promptly
from tests.support.projector import an_article
from tests.support.search import House, addresses, open_house, search_settings

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
async def house(kafka_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = search_settings(kafka_url, tmp_path_factory.mktemp("search"))
    async with open_house(settings) as house:
        await house.tell(SALT, TEA, LIBRARY, OLD, NEW)
        await house.until("lighthouse dark", lambda found: len(found) == 2)
        await house.until("Zwartkop", bool)
        await house.until("كتاب", bool)
        yield house


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
async def test_an_article_is_found_by_what_is_in_it(house: House, q: str, url: str) -> None:
    assert url in await house.found(q)


@pytest.mark.parametrize(
    "q", ['"flat into led"', "brine auction", "sal zwartkop pump tea", "?!*", 'headline:salt AND (*:* OR "']
)
async def test_what_is_not_there_is_not_found(house: House, q: str) -> None:
    assert await house.ask(q) == {"total": 0, "items": [], "next_cursor": None}


async def test_a_word_in_the_headline_comes_before_one_in_the_text(house: House) -> None:
    found = await house.found("salt ")

    assert found.index("/climate/salt") < found.index("/economy/tea")


async def test_of_equals_the_newer_comes_first(house: House) -> None:
    assert await house.found("lighthouse dark same words") == ["/world/new", "/world/old"]


async def test_filters_by_section_and_date(house: House) -> None:
    assert "/economy/tea" not in await house.found("salt", section="climate")
    assert await house.found("lighthouse dark", to="2025-12-31") == ["/world/old"]
    assert await house.found("lighthouse dark", **{"from": "2026-01-01"}) == ["/world/new"]
    assert await house.found("lighthouse dark", **{"from": "9999-12-31"}) == []
    assert await house.found("lighthouse dark", to="0001-01-01") == []
    assert len(await house.found("lighthouse dark", **{"from": "0001-01-01", "to": "9999-12-30"})) == 2
    assert await house.found("lighthouse dark", **{"from": "2026-03-01", "to": "2026-03-01"}) == ["/world/new"]


async def test_an_article_from_the_first_years_of_newspapers_is_found_with_its_own_date(house: House) -> None:
    oldest = an_article(headline="Relation of Strasbourg", url="/world/relation")
    await house.tell(oldest.model_copy(update={"published_at": datetime(1605, 9, 1, tzinfo=UTC)}))
    await house.until("strasbourg", bool)

    (item,) = (await house.ask("strasbourg", **{"from": "1605-09-01", "to": "1605-09-01"}))["items"]
    assert item["published_at"] == "1605-09-01T00:00:00.000Z"
    assert await house.found("strasbourg", **{"from": "1605-09-02"}) == []


async def test_moments_are_told_apart_by_the_millisecond_and_belong_to_both_ends(house: House) -> None:
    moments = [datetime(2001, 2, 3, 4, 5, 6, 1000 * ms, tzinfo=UTC) for ms in (0, 237, 238)]
    first, second, third = (
        an_article(headline="Kestrel Sound", url=f"/world/kestrel-{number}").model_copy(update={"published_at": moment})
        for number, moment in enumerate(moments)
    )
    await house.tell(first, second, third)
    await house.until("kestrel", lambda found: len(found) == 3)

    async def found(**limits: datetime) -> set[str]:
        asked = {name.rstrip("_"): rfc3339(moment) for name, moment in limits.items()}
        return set(await house.found("kestrel", **asked))

    assert await found(from_=moments[1]) == {second.url, third.url}
    assert await found(to=moments[1]) == {first.url, second.url}
    assert await found(from_=moments[1], to=moments[1]) == {second.url}
    assert await found(from_=moments[2] + timedelta(milliseconds=1)) == set()


async def test_an_item_says_what_a_list_shows_with_the_words_marked(house: House) -> None:
    answer = await house.ask("zwartkop")

    assert answer["items"] == [
        {
            "article_id": "salt", "headline": "Salt from the brine", "url": "/climate/salt", "section": "climate",
            "published_at": "2026-03-01T06:01:00.000Z", "language": "en",
            "snippet_html": "A lagoon pays for its own pump. Behind the <mark>Zwartkop</mark> dunes the brine is led into flat "
            "pans. In Café Müller they talk of it.",
        }
    ]  # fmt: skip


async def test_the_sites_own_pages_are_found(house: House) -> None:
    assert "/privacy" in await house.found("privacy")


async def test_pages_follow_one_another_by_cursor(house: House) -> None:
    first = await house.ask("lighthouse dark", limit="1")
    second = await house.ask("lighthouse dark", limit="1", cursor=str(first["next_cursor"]))

    assert [first["total"], second["total"]] == [2, 2]
    assert first["items"] != second["items"]
    assert second["next_cursor"] is None


async def test_a_withdrawn_article_is_gone_within_a_second(house: House) -> None:
    async def take() -> float:
        article = an_article(headline="Ferry to Port Corriden")
        await house.tell(article)
        await house.until("corriden", bool)
        await house.tell(withdrawn(article, 2))
        told_at = time.monotonic()
        await house.until("corriden", lambda found: not found)
        return time.monotonic() - told_at

    await promptly(take, within_s=1.0)


async def test_a_correction_is_found_and_what_it_replaced_is_not_nor_what_was_withdrawn(house: House) -> None:
    article = an_article(headline="Ferry to Port Quillon", url="/world/ferry")
    await house.tell(article)
    await house.until("quillon", bool)
    await house.tell(changed(article, 2, headline="Ferry to Port Marrowby"))
    await house.until("marrowby", bool)
    assert await house.found("quillon") == []

    await house.tell(withdrawn(article, 3))
    await house.until("marrowby", lambda found: not found)

    await house.tell(
        changed(article, 2, headline="Ferry to Port Marrowby"), following := an_article(headline="Jellaby Point")
    )
    await house.until("jellaby", lambda found: found == [following.url])
    assert await house.found("marrowby") == []


async def test_an_erased_article_is_gone(house: House) -> None:
    article = an_article(headline="The Umbermere letters")
    await house.tell(article)
    await house.until("umbermere", bool)

    await house.producer.send(tombstone(ARTICLES, article.id))

    await house.until("umbermere", lambda found: not found)


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
async def test_wrong_input_is_named(house: House, query: str, status: int, pointer: str) -> None:
    async with house.client.get(f"/v1/search?{query}") as answer:
        problem = await answer.json()

    assert answer.status == status
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_more_questions_than_there_is_room_for_are_asked_to_come_again(house: House, tmp_path: Path) -> None:
    settings = house.settings.model_copy(update={"search_index": tmp_path, "search_waiting": 0, "search_threads": 1})
    async with open_house(settings) as small:
        statuses = [answer.status for answer in await asyncio.gather(*(_raw(small, "salt brine") for _ in range(40)))]

    assert set(statuses) == {200, 503}


async def test_a_new_instance_answers_nothing_until_it_has_read_the_log(house: House, tmp_path: Path) -> None:
    settings = house.settings.model_copy(update={"search_index": tmp_path})
    answers: list[tuple[int, list[str]]] = []
    async with open_house(settings, ready=False) as new:
        while not answers or answers[-1][0] != 200:
            async with new.client.get("/v1/search", params={"q": "zwartkop"}) as answer:
                body = await answer.json(content_type=None)
                answers.append((answer.status, addresses(body) if answer.status == 200 else []))

    assert {status for status, _ in answers} == {200, 503}
    assert answers[-1][1] == ["/climate/salt"]


async def _raw(house: House, q: str) -> object:
    answer = await house.client.get("/v1/search", params={"q": q})
    assert answer.status == 200 or answer.headers["Retry-After"]
    return answer


def changed(article: ArticleState, version: int, **changes: object) -> ArticleState:
    """A later state of an article."""
    return ArticleCorrected.model_validate({**article.model_dump(), "version": version, **changes})


def withdrawn(article: ArticleState, version: int) -> ArticleState:
    """An article taken back."""
    return ArticleWithdrawn.model_validate({**article.model_dump(), "version": version, "status": "withdrawn"})
