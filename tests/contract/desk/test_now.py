"""What happens now, above the list and as a page: what was published, what waits, and services that do not answer."""

import pytest

from tests.support.desk import DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_now_shows_what_was_just_published_however_old_the_draft_is(editor: DeskClient) -> None:
    old = await editor.ingestion.create(headline="Mussels are back")
    for number in range(6):
        await editor.ingestion.act(await editor.ingestion.create(headline=f"Younger story {number}"), "publish")
    await editor.ingestion.act(old, "publish")

    page = await editor.get("/desk/now")

    published = page.text.partition('id="now-published"')[2]
    assert "Mussels are back" in published


async def test_now_shows_editors_what_was_sent_in(editor: DeskClient, reporter: DeskClient) -> None:
    article = await editor.ingestion.create(headline="Sent in from the coast")
    await reporter.confirm(f"/desk/articles/{article['id']}/submit")

    page = await editor.get("/desk/now")

    assert "Sent in from the coast" in page.text.partition('id="now-waiting"')[2].partition('id="now-due"')[0]


async def test_now_tells_of_services_that_do_not_answer(editor: DeskClient) -> None:
    page = await editor.get("/desk")

    # The desk of these tests has no gateway and no popularity behind it.
    assert "No gateway answers." in page.text
    assert "The ranking cannot be read at the moment." in page.text


async def test_filtered_list_has_no_strip(editor: DeskClient) -> None:
    page = await editor.get("/desk?status=draft")

    assert "now-strip" not in page.text
