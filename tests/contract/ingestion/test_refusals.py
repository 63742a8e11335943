"""Requests that are refused as a whole: unknown articles, unreadable bodies, articles too large for Kafka."""

import pytest

from tests.support.ingestion import DRAFT, IngestionClient, pointers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("path", ["", "/publish", "/correct", "/withdraw", "/revisions"])
@pytest.mark.parametrize("identity", ["0" * 26, "%ff", "x", "$ne", "0" * 27])
async def test_unknown_article_is_404(ingestion: IngestionClient, path: str, identity: str) -> None:
    method = {"": "GET", "/revisions": "GET"}.get(path, "POST")
    body = {"/correct": {"note": "n"}, "/withdraw": {"reason": "r"}, "/publish": {}}.get(path)

    answer = await ingestion.call(method, f"/v1/articles/{identity}{path}", body, match=1)

    assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_unreadable_bodies_and_unknown_methods_are_refused(ingestion: IngestionClient) -> None:
    headers = {"Authorization": f"Bearer {ingestion.token}"}
    json_headers = {**headers, "Content-Type": "application/json"}

    async def status(data: bytes, given: dict[str, str]) -> int:
        return (await ingestion.client.post("/v1/articles", data=data, headers=given)).status

    assert await status(b'{"headline":', json_headers) == 400
    assert await status(b"\xff\xfe", json_headers) == 400
    assert await status(b'{"headline": "\\ud800"}', json_headers) == 400
    assert await status(b"", json_headers) == 400
    assert await status(b"headline=a", {**headers, "Content-Type": "text/plain"}) == 415
    assert await status(b'"' + b"x" * 4_000_000 + b'"', json_headers) == 413
    assert (await ingestion.client.delete("/v1/articles", headers=headers)).status == 405


async def test_article_too_large_for_kafka_is_refused_on_saving(ingestion: IngestionClient) -> None:
    refused = await ingestion.ask("POST", "/v1/articles", {**DRAFT, "body_markdown": "\u6771" * 200_000}, wanted=422)

    assert pointers(refused) == ["/body_markdown"]
