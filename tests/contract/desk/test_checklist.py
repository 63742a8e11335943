"""The checklist before publishing and suggestions, over HTTP: they warn, forbid nothing, and reach no private network."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.desk import DeskClient, open_desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPLETE: Mapping[str, str] = {
    "headline": "Ferry fares to rise",
    "standfirst": "From March.",
    "section": "world",
    "body_markdown": "They rise in March.",
}


@dataclass
class OtherSite:
    """Another site on loopback: every path exists but `/gone…`. `asked` are the paths of its requests."""

    base: str = ""
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def other_site() -> AsyncIterator[OtherSite]:
    """Serve the other site for the length of a block."""
    site = OtherSite()

    async def answer(request: web.Request) -> web.Response:
        site.asked.append(request.path)
        return web.Response(status=404 if request.path.startswith("/gone") else 200, text="x" * 100_000)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        site.base = str(server.make_url("")).rstrip("/")
        yield site


async def checks(desk: DeskClient, **fields: str) -> list[tuple[str, str]]:
    """Name and field of each finding."""
    answer = await desk.client.post(
        "/desk/checks",
        json={**COMPLETE, **fields},
        headers={"Sec-Fetch-Site": "same-origin", "Cookie": f"wm_session={desk.session}", "Accept": "application/json"},
    )
    assert answer.status == 200, await answer.text()
    return [(one["name"], one["field"]) for one in (await answer.json())["checks"]]


async def test_complete_fields_have_no_findings(editor: DeskClient) -> None:
    assert await checks(editor) == []


async def test_fields_of_the_form_are_checked_as_they_are(editor: DeskClient) -> None:
    found = await checks(editor, headline="x" * 111, standfirst="", picture_url="/media/a.jpg")

    assert found == [("long_headline", "headline"), ("no_standfirst", "standfirst"), ("no_alt", "picture_alt")]


async def test_link_that_is_gone_is_reported_and_asked_once(editor: DeskClient) -> None:
    async with other_site() as site, open_desk(editor.ingestion, fetch_allow="127.0.0.0/8") as desk:
        here = replace(editor, client=desk.client)
        body = f"[here]({site.base}/here) [gone]({site.base}/gone) ![p]({site.base}/gone.jpg)"
        first = await checks(here, body_markdown=body)
        again = await checks(here, body_markdown=body)

    assert first == again == [("missing_link", "body_markdown")] * 2
    assert sorted(site.asked) == ["/gone", "/gone.jpg", "/here"]


async def test_link_to_a_private_network_is_not_asked(editor: DeskClient) -> None:
    async with other_site() as site:
        found = await checks(editor, body_markdown=f"[gone]({site.base}/gone)")

    assert (found, site.asked) == ([], [])


async def test_confirmation_without_script_shows_the_checklist_and_still_publishes(editor: DeskClient) -> None:
    article = await editor.ask("POST", "/v1/articles", {**COMPLETE, "standfirst": ""}, wanted=201)

    page = await editor.get(f"/desk/articles/{article['id']}/publish")
    answer = await editor.confirm(f"/desk/articles/{article['id']}/publish")

    assert "There is no standfirst." in page.text
    assert "Publish now" in page.text
    assert answer.location.endswith("done=publish")


async def test_dialog_loads_the_checklist_as_a_part_of_its_own(desk: DeskClient) -> None:
    editor = await desk.as_role("editor", language="ar")
    article = await editor.ask("POST", "/v1/articles", {**COMPLETE, "standfirst": ""}, wanted=201)

    dialog = await editor.get(f"/desk/articles/{article['id']}/publish?part=dialog")
    part = await editor.get(f"/desk/articles/{article['id']}/checks")

    assert f'data-checks="/desk/articles/{article["id"]}/checks"' in dialog.text
    assert "<html" not in part.text
    assert "لا مقدمة للمقال." in part.text


async def test_tag_that_looks_misspelt_against_tags_in_use_is_reported(editor: DeskClient) -> None:
    await editor.ask("POST", "/v1/articles", {**COMPLETE, "tags": ["Zanzibar harbour"]}, wanted=201)

    assert await checks(editor, tags="Zanzibar habour") == [("near_name", "tags")]


async def test_suggestions_are_names_in_use(editor: DeskClient) -> None:
    await editor.ask("POST", "/v1/articles", {**COMPLETE, "bylines": ["Wanjiru Kamau"]}, wanted=201)

    found = json.loads((await editor.get("/desk/suggestions?kind=bylines&q=wanj")).text)

    assert found == {"items": ["Wanjiru Kamau"]}


async def test_suggestions_of_an_unknown_kind_are_refused(editor: DeskClient) -> None:
    await editor.get("/desk/suggestions?kind=people&q=a", wanted=422)


async def test_nobody_signed_in_gets_no_checklist(desk: DeskClient) -> None:
    answer = await desk.client.post(
        "/desk/checks", json={}, headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    )

    assert answer.status == 401
