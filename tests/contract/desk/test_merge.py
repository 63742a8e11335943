"""A save that lost the race, without JavaScript: the refused form comes back with both texts."""

import re

import pytest

from tests.support.desk import DeskClient
from tests.support.ingestion import DRAFT, Json

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINE = {"headline": "Mine", "section": "world", "body_markdown": "They rise.\n\nMine."}


async def refused_save(editor: DeskClient, desk: DeskClient) -> tuple[Json, str]:
    """An article that a colleague changed, and the page that answers an editor's save of the older version."""
    article = await editor.ask("POST", "/v1/articles", DRAFT, wanted=201)
    colleague = await desk.as_role("editor")
    path = f"/v1/articles/{article['id']}"
    await colleague.ask("PUT", path, {**DRAFT, "body_markdown": "Fares are falling"}, If_Match='"1"')
    answer = await editor.post(f"/desk/articles/{article['id']}", {**MINE, "version": "1", "key": "k"}, wanted=412)
    return article, answer.text


async def test_refused_save_shows_both_texts(desk: DeskClient, editor: DeskClient) -> None:
    _, page = await refused_save(editor, desk)

    assert "Take theirs" in page
    text = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "Mine." in text
    assert "falling" in text


async def test_my_text_becomes_a_new_revision(desk: DeskClient, editor: DeskClient) -> None:
    article, _ = await refused_save(editor, desk)

    done = await editor.post(f"/desk/articles/{article['id']}/merge", {**MINE, "version": "2", "way": "mine"})

    assert done.location == f"/desk/articles/{article['id']}?saved=1"
    found = await editor.ask("GET", f"/v1/articles/{article['id']}")
    assert found["body_markdown"] == MINE["body_markdown"]


async def test_taking_theirs_keeps_mine_in_the_revisions(desk: DeskClient, editor: DeskClient) -> None:
    article, _ = await refused_save(editor, desk)

    await editor.post(f"/desk/articles/{article['id']}/merge", {**MINE, "version": "2", "way": "theirs"})

    found = await editor.ask("GET", f"/v1/articles/{article['id']}")
    assert found["body_markdown"] == "Fares are falling"
    revisions = await editor.ask("GET", f"/v1/articles/{article['id']}/revisions")
    assert MINE["body_markdown"] in str(revisions["items"]).replace("\\n", "\n")


async def test_merge_without_a_choice_asks_again(desk: DeskClient, editor: DeskClient) -> None:
    article, _ = await refused_save(editor, desk)
    fields = {
        **MINE,
        "body_markdown": "They rise, mine.",
        "version": "2",
        "way": "merge",
        "base_body_markdown": "They rise.",
    }

    answer = await editor.post(f"/desk/articles/{article['id']}/merge", fields, wanted=422)

    assert "Choose a side" in answer.text
    assert "They rise, mine." in answer.text


async def test_version_of_the_merge_screen_is_no_base(desk: DeskClient, editor: DeskClient) -> None:
    article, _ = await refused_save(editor, desk)
    path = f"/desk/articles/{article['id']}/merge"

    asked = await editor.post(path, {**MINE, "version": "1"}, wanted=200)
    again = await editor.post(path, {**MINE, "version": "2", "way": "merge"}, wanted=422)

    assert 'value="mine" checked' in asked.text
    assert " checked" not in again.text


async def test_texts_of_a_picture_without_an_address_come_back(editor: DeskClient) -> None:
    fields = {**MINE, "picture_alt": "A ferry at the pier", "key": "picture-without-address"}

    answer = await editor.post("/desk/articles/new", fields, wanted=422)

    assert "A ferry at the pier" in answer.text


async def test_a_third_save_shows_the_newest_text(desk: DeskClient, editor: DeskClient) -> None:
    article, _ = await refused_save(editor, desk)
    path = f"/v1/articles/{article['id']}"
    await editor.ask("PUT", path, {**DRAFT, "body_markdown": "Newest"}, If_Match='"2"')

    answer = await editor.post(
        f"/desk/articles/{article['id']}/merge", {**MINE, "version": "2", "way": "mine"}, wanted=412
    )

    assert "Newest" in re.sub(r"<[^>]+>", "", answer.text)
