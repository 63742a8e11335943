"""Methods, conditional requests, encodings, metrics, and answers while a dependency is down."""

import re
import socket

import pytest

from tests.support.gateway import Gateway, ProjectorHarness, an_article, open_gateway
from tests.support.polling import eventually


async def test_head_equals_get_without_body_and_post_is_405(gateway: Gateway) -> None:
    got, head = await gateway.get("/"), await gateway.get("/", method="HEAD")
    refused = await gateway.get("/", method="POST")

    assert (head.status, head.text) == (200, "")
    assert {**head.headers, "Date": ""} == {**got.headers, "Date": ""}
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


async def test_matching_etag_is_answered_304_until_the_page_changes(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    tag = (await gateway.get("/", Accept_Encoding="br")).headers["ETag"]

    same = await gateway.get("/", Accept_Encoding="br", If_None_Match=f'"other", W/{tag}')
    other_form = await gateway.get("/", Accept_Encoding="gzip", If_None_Match=tag)

    assert (same.status, same.text, same.headers["ETag"]) == (304, "", tag)
    assert other_form.status == 200
    await projector.apply(article := an_article())
    await gateway.until_shown("/", article.url)
    assert (await gateway.get("/", Accept_Encoding="br", If_None_Match=tag)).status == 200


@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
async def test_page_is_sent_in_an_accepted_encoding(gateway: Gateway, encoding: str) -> None:
    plain = await gateway.get("/")

    page = await gateway.get("/", Accept_Encoding=encoding)

    assert page.headers.get("Content-Encoding", "") == encoding
    assert page.text == plain.text
    assert page.headers["Vary"] == "Accept-Encoding"


async def test_static_files_are_immutable(gateway: Gateway) -> None:
    home = await gateway.get("/")
    paths = set(re.findall(r'"(/static/[^"]+)"', home.text))

    found = {path: await gateway.get(path, method="HEAD") for path in paths}

    assert {path.rpartition(".")[2] for path in paths} >= {"js", "woff2", "svg"}
    assert all(page.status == 200 for page in found.values())
    assert {page.headers["Cache-Control"] for page in found.values()} == {"public, max-age=31536000, immutable"}
    assert (await gateway.get("/favicon.ico")).status == 200


async def test_requests_are_counted_by_kind_of_page(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.get("/world")
    await gateway.get("/world", method="PROPFIND")

    async def counted() -> bool:
        text = (await gateway.get("/metrics")).text
        found = re.search(r'wm_http_requests_total\{method="GET",route="/\{section\}",status="200"\} (\S+)', text)
        return found is not None and float(found[1]) >= 3 and 'method="other"' in text and "PROPFIND" not in text

    await eventually(counted, what="requests are counted")


async def test_page_is_503_while_the_read_model_does_not_answer(projector: ProjectorHarness) -> None:
    away = {"mongo": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300"}
    async with open_gateway(projector.settings, projector.database, away) as gateway:
        page = await gateway.get("/")

        assert (page.status, page.headers["Retry-After"], page.headers["Cache-Control"]) == (503, "2", "no-store")
        assert "Content-Security-Policy" in page.headers
        assert (await gateway.get("/about")).status == 200


@pytest.mark.parametrize("answers", [True, False], ids=["refuses", "says nothing"])
async def test_only_search_is_503_while_the_search_service_does_not_answer(
    projector: ProjectorHarness, answers: bool
) -> None:
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        if not answers:
            away.listen()
        changed = {"search": f"http://127.0.0.1:{away.getsockname()[1]}", "search_wait_s": 0.3}
        async with open_gateway(projector.settings, projector.database, changed) as gateway:
            page = await gateway.get("/search?q=lake")
            front = await gateway.get("/")

    assert (page.status, page.headers["Retry-After"], page.headers["Cache-Control"]) == (503, "2", "no-store")
    assert "The presses are busy." in page.text
    assert 'id="masthead-q"' in page.text
    assert front.status == 200
