"""Routes for the platform's own services: previews, traces, the state of the log."""

from collections.abc import Mapping

import orjson
import pytest

from tests.support.gateway import Gateway, Page, ProjectorHarness, next_version, open_gateway, recent_article, withdrawn
from tests.support.polling import eventually
from tests.support.preview_page import as_preview, squeezed


async def preview(gateway: Gateway, body: Mapping[str, object] | bytes) -> Page:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {"Content-Type": "application/json"}
    async with gateway.client.post("/internal/preview", data=data, headers=headers) as answer:
        return Page(answer.status, answer.headers, await answer.text())


async def test_preview_is_the_published_page_but_for_declared_differences(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    other = recent_article(headline="Another lamp")
    article = recent_article(headline="The lamp was lit", standfirst="By hand.", body_html="<p>At <b>six</b>.</p>")
    await projector.apply(other, article)
    published = (await gateway.until_shown(article.url, "Another lamp")).text

    page = await preview(gateway, article.model_dump(mode="json"))

    assert page.status == 200
    assert squeezed(page.text) == as_preview(published)


async def test_preview_of_an_unfinished_arabic_draft_is_arabic_and_not_indexed(gateway: Gateway) -> None:
    page = await preview(
        gateway, {"section": "world", "headline": "", "language": "ar", "url": None, "published_at": None}
    )

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "ETag" not in page.headers
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "معاينة · غير منشور" in page.text


async def test_preview_needs_no_read_model(projector: ProjectorHarness) -> None:
    nowhere = {"mongo": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100&directConnection=true"}
    async with open_gateway(projector.settings, projector.database, nowhere) as gateway:
        page = await preview(gateway, {"section": "world", "headline": "The lamp was lit"})

    assert page.status == 200
    assert "The lamp was lit" in page.text


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"{}", 422), (b'{"section": "' + b"x" * 9_000_000 + b'"}', 413)]
)
async def test_preview_of_a_wrong_body_is_refused(body: bytes, status: int, gateway: Gateway) -> None:
    page = await preview(gateway, body)

    assert page.status == status
    assert page.headers["Content-Type"] == "application/problem+json"


async def trace_of(gateway: Gateway, article_id: str) -> Mapping[str, object]:
    async with gateway.client.get(f"/internal/articles/{article_id}/trace") as answer:
        assert answer.status == 200
        found: Mapping[str, object] = await answer.json()
        return found


async def test_trace_follows_an_article_from_version_to_version(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article()
    for state in (article, corrected := next_version(article), withdrawn(corrected)):
        await projector.apply(state)

        async def is_visible(version: int = state.version) -> bool:
            trace = await trace_of(gateway, article.id)
            return trace["version"] == version and trace["visible_at"] is not None

        await eventually(is_visible, what=f"version {state.version} is visible")

    trace = await trace_of(gateway, article.id)
    assert str(trace["projected_at"]) <= str(trace["visible_at"])


async def test_trace_from_before_the_gateway_has_no_times(projector: ProjectorHarness) -> None:
    article = recent_article()
    await projector.apply(article)

    async with open_gateway(projector.settings, projector.database) as gateway:
        trace = await trace_of(gateway, article.id)

    assert trace == {"version": 1, "projected_at": None, "visible_at": None}


@pytest.mark.parametrize("path", ["/internal/articles/unknown/trace", "/internal", "/internal/", "/internal/nothing"])
async def test_unknown_internal_path_gives_problem_details(path: str, gateway: Gateway) -> None:
    page = await gateway.get(path)

    assert page.status == 404
    assert page.headers["Content-Type"] == "application/problem+json"


async def test_state_of_a_gateway_that_follows_its_log(gateway: Gateway) -> None:
    async with gateway.client.get("/internal/state") as answer:
        state = await answer.json()

    assert state["is_following"] is True
    assert 0 <= state["silent_s"] < 60
