"""The index over time: restarts, replaced logs, rebuilds, a broken folder. Uses a broker that it may kill."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.search.generations import Generations
from services.search.rebuild import rebuild
from tests.support.kafka import Broker
from tests.support.projector import an_article
from tests.support.search import RunningSearch, running_search, search_settings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


async def _indexed(service: RunningSearch) -> float:
    async with service.client.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.split()[1]) for line in lines if line.split()[0] in COUNTED)


COUNTED = ("wm_search_indexed_total", "wm_search_outdated_total")


async def test_restarted_service_continues_at_its_position(broker: Broker, tmp_path: Path) -> None:
    settings = search_settings(broker.url, tmp_path)
    async with running_search(settings) as service:
        await service.publish(*(an_article(headline=f"Tollgate {n}") for n in range(20)))
        await service.until("tollgate", lambda found: len(found) == 20)
        await service.until_ready()

    async with running_search(settings, ready=False) as service:
        await service.until_status("/v1/search?q=tollgate", 200)
        at_once = await service.urls("tollgate")
        await service.until_ready()
        before = await _indexed(service)
        await service.publish(following := an_article(headline="Tidewrack"))
        await service.until("tidewrack", lambda found: found == [following.url])

        assert len(at_once) == 20
        assert await _indexed(service) - before == 1


async def test_rebuilt_index_replaces_the_old_one_without_an_outage(broker: Broker, tmp_path: Path) -> None:
    settings = search_settings(broker.url, tmp_path)
    async with running_search(settings) as service:
        await service.publish(article := an_article(headline="Windlass"))
        await service.until("windlass", lambda found: found == [article.url])
        lines: list[str] = []
        building = asyncio.create_task(rebuild(settings, report=lines.append))
        answers, statuses = [], set()
        while not building.done() or not (await _serves(service, 2)):
            answers.append(await service.urls("windlass"))
            async with service.client.get("/health/ready") as answer:
                statuses.add(answer.status)

        assert await building == 2
        assert all(found == [article.url] for found in answers)
        assert statuses == {200}
        assert any("states of articles" in line for line in lines)
        await service.publish(following := an_article(headline="Bollard"))
        await service.until("bollard", lambda found: found == [following.url])
        assert await service.urls("windlass") == [article.url]
    assert not Generations(settings.own_index).path(1).exists()


async def _serves(service: RunningSearch, number: int) -> bool:
    async with service.client.get("/health/ready") as answer:
        return bool((await answer.json()).get("index") == number)


async def test_unreadable_index_is_built_anew(broker: Broker, tmp_path: Path) -> None:
    settings = search_settings(broker.url, tmp_path)
    folder = Generations(settings.own_index).path(1)
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text("{")

    async with running_search(settings) as service:
        await service.publish(article := an_article(headline="Capstan"))

        await service.until("capstan", lambda found: article.url in found)


async def test_new_log_is_adopted_and_known_articles_stay(broker: Broker, tmp_path: Path) -> None:
    settings = search_settings(broker.url, tmp_path)
    async with running_search(settings) as service:
        await service.publish(article := an_article(headline="Halyard"))
        await service.until("halyard", lambda found: found == [article.url])

        broker.kill()
        assert await service.urls("halyard") == [article.url]
        await broker.start()
        await service.until_ready()
        assert await service.urls("halyard") == [article.url]
        await service.publish(article, following := an_article(headline="Gunwale"))

        await service.until("gunwale", lambda found: found == [following.url])
        assert await service.urls("halyard") == [article.url]
