"""The trace of a publication: what has happened, and null for the rest."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.ingestion.articles.trace import Gateways
from tests.support.ingestion import IngestionClient, Json
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
STEPS = ("committed_at", "sent_at", "projected_at", "visible_at")


async def trace(client: IngestionClient, article: Json) -> Json:
    """The article's trace."""
    return await client.ask("GET", f"/v1/articles/{article['id']}/trace")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[str]:
    """The address of a server that knows the end of every article's way, but not of one called `unknown`."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(
            {"version": 3, "projected_at": "2099-01-01T00:00:00.100Z", "visible_at": "2099-01-01T00:00:00.250Z"}
        )

    app = web.Application()
    app.router.add_get("/internal/articles/{id}/trace", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_draft_has_no_steps(ingestion: IngestionClient) -> None:
    assert await trace(ingestion, await ingestion.create()) == {"version": None} | dict.fromkeys(STEPS)


async def test_publication_is_committed_and_then_sent(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="On its way"), "publish")

    async def is_sent() -> bool:
        return (await trace(ingestion, public))["sent_at"] is not None

    await eventually(is_sent)
    found = await trace(ingestion, public)
    assert (found["version"], found["committed_at"]) == (2, public["updated_at"])
    assert datetime.fromisoformat(str(found["sent_at"])) >= datetime.fromisoformat(str(found["committed_at"]))
    assert (found["projected_at"], found["visible_at"]) == (None, None)


async def test_each_public_version_has_its_own_trace(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="Twice"), "publish")
    saved = await ingestion.edit(public, headline="Twice, changed")
    unchanged = await trace(ingestion, saved)
    updated = await ingestion.act(saved, "publish")
    withdrawn = await ingestion.act(updated, "withdraw", {"reason": "It was not so."})

    async def is_sent() -> bool:
        found = await trace(ingestion, withdrawn)
        return found["version"] == 5 and found["sent_at"] is not None

    await eventually(is_sent)
    assert (unchanged["version"], unchanged["committed_at"]) == (2, public["updated_at"])


async def test_import_of_an_old_article_was_committed_today(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="From the archive")

    public = await ingestion.act(draft, "publish", {"published_at": "2019-05-04T10:00:00Z"})

    assert (await trace(ingestion, public))["committed_at"] == public["updated_at"]


async def test_gateways_know_the_end_of_the_way(ingestion: IngestionClient, gateway: str) -> None:
    public = await ingestion.act(await ingestion.create(headline="At the end"), "publish")
    updated = await ingestion.act(
        await ingestion.edit(public, headline="At its end"), "correct", {"note": "It was the."}
    )
    asked = Gateways(("http://127.0.0.1:9", gateway))
    try:
        answers = await asked.ask(str(updated["id"]))
    finally:
        await asked.close()

    assert [(answer.version, answer.visible_at is not None) for answer in answers] == [(3, True)]


async def test_trace_needs_a_reader_and_an_article(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Traced")

    answers = [
        await ingestion.client.get(f"/v1/articles/{article['id']}/trace"),
        await ingestion.call("GET", f"/v1/articles/{'0' * 26}/trace"),
        await ingestion.call("GET", f"/v1/articles/{article['id']}/trace?x=1"),
    ]

    assert [answer.status for answer in answers] == [401, 404, 422]
