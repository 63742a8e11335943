"""A picture's way between the real services: upload, article, change, deletion."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from services.ingestion.settings import IngestionSettings
from services.media.api.wiring import create_api
from services.media.settings import MediaSettings
from services.media.worker.wiring import create_worker
from tests.support.ingestion import IngestionClient, running_ingestion
from tests.support.media import drawn
from tests.support.polling import eventually
from tests.support.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
Media = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[IngestionClient, Media]]:
    """Running ingestion and media, with a worker."""
    name, port, worker_port = uuid4().hex[:12], free_port(), free_port()
    settings = IngestionSettings(
        kafka=kafka_url,
        mongo=mongo_url,
        kafka_idempotence=not embedded_kafka,
        ingestion_database=f"test_{name}",
        media=f"http://127.0.0.1:{port}",
    )
    async with running_ingestion(settings, tmp_path_factory.mktemp("ingestion")) as ingestion:
        found = MediaSettings(
            mongo=mongo_url,
            ingestion=str(ingestion.client.make_url("")),
            media_worker=f"http://127.0.0.1:{worker_port}",
        )
        database = f"test_media_{name}"
        async with (
            TestServer(create_worker(found, database=database), port=worker_port),
            TestClient(TestServer(create_api(found, database=database), port=port)) as media,
        ):
            yield ingestion, media


async def test_picture_is_uploaded_shown_changed_and_deleted(services: tuple[IngestionClient, Media]) -> None:
    ingestion, media = services
    editor = {"Authorization": f"Bearer {ingestion.token}"}
    form = FormData({"alt": "A ferry", "credit": "Ines Halloran"})
    form.add_field("file", drawn(1200, 800), filename="ferry.jpg", content_type="image/jpeg")
    async with media.post("/v1/media", data=form, headers=editor) as answer:
        assert answer.status == 201, await answer.text()
        picture = await answer.json()
    path = f"/v1/media/{picture['id']}"

    # An editor uses it in the moment of its upload, announced or not.
    text = f"It *sails*.\n\n![](media:{picture['id']})"
    draft = await ingestion.create(body_markdown=text, lead_image={"media_id": picture["id"]})
    public = await ingestion.act(draft, "publish")
    focal_point = {"focal_point": {"x": 0.0, "y": 1.0}, "credit": "Ana"}
    async with media.get(path, headers=editor) as answer:
        used, tag = await answer.json(), answer.headers["ETag"]
    async with media.patch(path, json=focal_point, headers={**editor, "If-Match": tag}) as answer:
        assert answer.status == 200, await answer.text()

    assert [use["article_id"] for use in used["used_by"]] == [public["id"]]
    first, second = await ingestion.events(public, 2)
    assert first.lead_image is not None
    assert second.lead_image is not None
    assert second.lead_image.media is not None
    assert (second.lead_image.media.focal_x, second.lead_image.media.focal_y) == (0.0, 1.0)
    assert (first.lead_image.credit, second.lead_image.credit) == ("Ines Halloran", "Ana")
    assert '<span class="credit">Ana</span>' in second.body_html
    (source, *_) = second.body_html.split('srcset="')[1].split()
    for address in (second.lead_image.url, source):

        async def is_there(address: str = address) -> bool:
            async with media.get(address, allow_redirects=False) as answer:
                return answer.status == 200

        await eventually(is_there, what=address)

    async with media.delete(path, headers=editor) as answer:
        assert answer.status == 409
    current = await ingestion.ask("GET", f"/v1/articles/{public['id']}")
    without = await ingestion.edit(current)
    await ingestion.act(without, "publish")
    async with media.delete(path, headers=editor) as answer:
        assert answer.status == 204, await answer.text()
    refused = await ingestion.edit(
        await ingestion.ask("GET", f"/v1/articles/{public['id']}"), lead_image={"media_id": picture["id"]}, wanted=422
    )
    assert "/lead_image/media_id" in str(refused["errors"])
