"""The calendar in the newsroom's zone, without JavaScript."""

import re

import pytest

from tests.support.desk import DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


def cell(text: str, day: str) -> str:
    """The part of a month or week that belongs to a day."""
    found = re.search(rf'<time datetime="{day}">.*?</td>', text, re.DOTALL)
    assert found is not None, day
    return found[0]


async def test_scheduled_article_stands_at_the_newsrooms_day(editor: DeskClient) -> None:
    article = await editor.ingestion.create(headline="At midnight in Riyadh")
    await editor.ingestion.act(article, "schedule", {"publish_at": "2030-05-09T21:30:00Z"})

    month = await editor.get("/desk/calendar?view=month&date=2030-05-01")
    week = await editor.get("/desk/calendar?view=week&date=2030-05-10")
    agenda = await editor.get("/desk/calendar?view=list&date=2030-05-09")

    assert "At midnight in Riyadh" in cell(month.text, "2030-05-10")
    assert "At midnight in Riyadh" not in cell(month.text, "2030-05-09")
    assert ">00:30</time>" in cell(week.text, "2030-05-10")
    assert "Friday 10 May 2030" in agenda.text
    assert f'href="/desk/articles/{article["id"]}/schedule"' in week.text


async def test_week_starts_on_sunday_in_riyadh_in_both_languages(desk: DeskClient, editor: DeskClient) -> None:
    arabic = await desk.as_role("editor", language="ar")

    first = re.compile(r'<th scope="col">([^<]*)</th>')
    assert first.findall((await editor.get("/desk/calendar")).text)[0] == "Sunday"
    assert first.findall((await arabic.get("/desk/calendar")).text)[0] == "الأحد"


async def test_tray_has_drafts_without_a_time(editor: DeskClient) -> None:
    draft, planned = await editor.ingestion.create(), await editor.ingestion.create()
    await editor.ingestion.act(planned, "schedule", {"publish_at": "2030-06-09T21:30:00Z"})

    answer = await editor.get("/desk/calendar")

    tray = answer.text.partition('id="tray"')[2]
    assert f'href="/desk/articles/{draft["id"]}/schedule"' in tray
    assert str(planned["id"]) not in tray


async def test_reporter_sees_the_calendar_without_acts(reporter: DeskClient) -> None:
    article = await reporter.ingestion.create()
    await reporter.ingestion.act(article, "schedule", {"publish_at": "2030-07-09T21:30:00Z"})

    answer = await reporter.get("/desk/calendar?date=2030-07-01")

    assert str(article["id"]) in answer.text
    assert "/schedule" not in answer.text


async def test_day_that_does_not_exist_is_not_found(editor: DeskClient) -> None:
    await editor.get("/desk/calendar?date=2030-02-30", wanted=404)
