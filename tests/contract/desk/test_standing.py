"""The editor's page tells an article's states and times, what an act has done, and what hinders one, without JavaScript."""

import re
from datetime import timedelta

import pytest

from shared.times import now
from shared.zone_times import local_text
from tests.support.desk import RIYADH, DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


def states_in(text: str) -> str:
    """The line of states, without markup."""
    found = re.search(r'<p class="states" id="states"[^>]*>(.*?)</p>', text, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1])


async def test_editor_shows_the_time_of_a_schedule_and_tells_the_outcome(editor: DeskClient) -> None:
    article = await editor.ingestion.create()
    moment = (now() + timedelta(days=2)).replace(second=0, microsecond=0)

    done = await editor.confirm(f"/desk/articles/{article['id']}/schedule", {"publish_at": local_text(moment, RIYADH)})
    page = await editor.get(done.location)

    local = moment.astimezone(RIYADH)
    assert states_in(page.text) == f"Draft Scheduled for {local.day} {local:%b} {local.year}, {local:%H:%M}"
    assert '<p id="outcome" role="status">Scheduled.</p>' in page.text


async def test_editor_without_an_act_before_tells_no_outcome(editor: DeskClient) -> None:
    article = await editor.ingestion.create()

    page = await editor.get(f"/desk/articles/{article['id']}?done=nothing")

    assert 'id="outcome"' not in page.text
    assert states_in(page.text) == "Draft"


async def test_author_reads_the_note_of_return_in_the_editor(editor: DeskClient, reporter: DeskClient) -> None:
    made = await reporter.ask(
        "POST", "/v1/articles", {"headline": "A", "section": "world", "body_markdown": "B."}, wanted=201
    )
    await reporter.confirm(f"/desk/articles/{made['id']}/submit")
    await editor.confirm(f"/desk/articles/{made['id']}/return", {"note": "Who says so?"})

    page = await reporter.get(f"/desk/articles/{made['id']}")

    assert states_in(page.text) == "Draft Sent back"
    assert 'Note of the editors: <q dir="auto">Who says so?</q>' in page.text
    assert 'id="note-back" hidden' not in page.text


async def test_incomplete_article_names_what_is_missing(editor: DeskClient) -> None:
    draft = {"headline": "", "section": "world", "body_markdown": ""}
    made = await editor.ask("POST", "/v1/articles?autosave=true", draft, wanted=201)

    refused = await editor.confirm(f"/desk/articles/{made['id']}/publish", wanted=422)

    faults = re.findall(r"<li><b>(\w+):</b> <span[^>]*>(.+?)</span></li>", refused.text)
    assert [name for name, _ in faults] == ["Headline", "Body"]


async def test_preview_of_a_person_who_may_only_read_saves_nothing(editor: DeskClient, reporter: DeskClient) -> None:
    article = await editor.ingestion.act(await editor.ingestion.create(), "publish")

    page = await reporter.get(f"/desk/articles/{article['id']}")

    preview = re.search(r"<button[^>]*value=\"preview\"[^>]*>", page.text)
    assert preview is not None
    assert f'formmethod="get" formaction="/desk/articles/{article["id"]}/preview"' in preview[0]
