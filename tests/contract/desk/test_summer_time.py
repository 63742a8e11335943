"""Schedules in a newsroom with summer time: a time that does not exist, and one that comes twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.site.site import SHIPPED
from tests.support.desk import DeskClient, open_desk

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def berlin(desk: DeskClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskClient]:
    """An editor's browser at a desk in Berlin."""
    site = Path(tmp_path_factory.mktemp("site") / "site.toml")
    site.write_text(SHIPPED.read_text("utf-8").replace("Asia/Riyadh", "Europe/Berlin"), "utf-8")
    async with open_desk(desk.ingestion, site=site) as client:
        yield await client.as_role("editor")


async def test_time_that_does_not_exist_is_an_error_with_the_nearest_times(berlin: DeskClient) -> None:
    article = await berlin.ingestion.create()
    path = f"/desk/articles/{article['id']}/schedule"

    answer = await berlin.confirm(path, {"publish_at": "2030-03-31T02:30"}, wanted=422)

    assert "does not exist" in answer.text
    assert "31 Mar 2030, 01:59 and 31 Mar 2030, 03:00" in answer.text
    assert 'value="2030-03-31T02:30"' in answer.text
    assert (await berlin.article(article))["version"] == article["version"]


@pytest.mark.parametrize(("reading", "instant"), [("earlier", "00:30"), ("later", "01:30")])
async def test_time_that_comes_twice_asks_which_one(berlin: DeskClient, reading: str, instant: str) -> None:
    article = await berlin.ingestion.create()
    path, fields = f"/desk/articles/{article['id']}/schedule", {"publish_at": "2030-10-27T02:30"}

    asked = await berlin.confirm(path, fields, wanted=422)
    hidden = {name: asked.hidden(name) for name in ("key", "version")}
    await berlin.post(path, {**hidden, **fields, "reading": reading})

    assert "27 Oct 2030, 02:30 (UTC+02:00)" in asked.text
    assert "27 Oct 2030, 02:30 (UTC+01:00)" in asked.text
    assert (await berlin.article(article))["scheduled_for"] == f"2030-10-27T{instant}:00.000Z"
