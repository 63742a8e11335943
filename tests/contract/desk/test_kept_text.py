"""A form that could not be saved comes back whole, without JavaScript."""

from html import unescape

import pytest

from tests.support.desk import DeskClient, open_desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

TYPED = {
    "key": "k" * 26,
    "headline": "Tides & times",
    "section": "world",
    "body_markdown": 'First "line".\n\nSecond <line>.',
}


async def test_text_typed_in_an_ended_session_is_kept_and_saved_again(desk: DeskClient) -> None:
    writer = await desk.as_role("editor")
    await writer.post("/desk/sign-out")

    kept = await writer.post("/desk/articles/new", TYPED, wanted=401)
    again = await desk.as_role("editor")
    sent = {name: unescape(kept.hidden(name)) for name in TYPED}
    saved = await again.post("/desk/articles/new", sent)

    assert sent == TYPED
    found = await again.ask("GET", f"/v1/articles/{saved.location.split('/')[3].partition('?')[0]}")
    assert found["body_markdown"] == TYPED["body_markdown"]


async def test_text_is_kept_while_ingestion_is_away(desk: DeskClient) -> None:
    async with open_desk(desk.ingestion, ingestion="http://127.0.0.1:9") as cut_off:
        kept = await cut_off.post("/desk/articles/new", TYPED, wanted=503, Cookie="wm_session=wms_x")

    assert unescape(kept.hidden("body_markdown")) == TYPED["body_markdown"]
    assert "Your text is on this page, whole." in kept.text


async def test_password_is_never_sent_back(desk: DeskClient) -> None:
    kept = await desk.post("/desk/articles/new", {**TYPED, "password": "correct horse battery"}, wanted=401)

    assert "correct horse" not in kept.text
