"""Acts of the desk without JavaScript: each asks once, then acts on the version that was shown."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.times import now, rfc3339
from shared.zone_times import local_text
from tests.support.desk import RIYADH, DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


def path_of(article: Mapping[str, object], act: str) -> str:
    """The page that asks before an act."""
    return f"/desk/articles/{article['id']}/{act}"


async def test_publication_asks_once_and_publishes(editor: DeskClient) -> None:
    article = await editor.ingestion.create(headline="Ferries wait for spring")

    asked = await editor.get(path_of(article, "publish"))
    done = await editor.confirm(path_of(article, "publish"))

    found = await editor.article(article)
    assert "Publish now</button>" in asked.text
    assert (done.location, found["status"]) == (f"/desk/articles/{article['id']}?done=publish", "published")


async def test_correction_and_withdrawal_take_their_texts(editor: DeskClient) -> None:
    article = await editor.ingestion.act(await editor.ingestion.create(), "publish")

    await editor.confirm(path_of(article, "correct"), {"note": "The fare is 3, not 4."})
    await editor.confirm(path_of(article, "withdraw"), {"reason": "It was a draft."})

    found = await editor.article(article)
    assert found["status"] == "withdrawn"
    assert "The fare is 3, not 4." in str(found["corrections"])


async def test_correction_without_a_note_is_an_error_beside_the_field(editor: DeskClient) -> None:
    article = await editor.ingestion.act(await editor.ingestion.create(), "publish")

    answer = await editor.confirm(path_of(article, "correct"), {"note": " "}, wanted=422)

    assert 'aria-invalid="true"' in answer.text
    assert (await editor.article(article))["corrected_at"] is None


async def test_schedule_takes_the_newsrooms_time_and_unschedule_ends_it(editor: DeskClient) -> None:
    article = await editor.ingestion.create()
    moment = (now() + timedelta(days=2)).replace(second=0, microsecond=0)

    await editor.confirm(path_of(article, "schedule"), {"publish_at": local_text(moment, RIYADH)})
    scheduled = (await editor.article(article))["scheduled_for"]
    again = await editor.get(path_of(article, "schedule"))
    await editor.confirm(path_of(article, "unschedule"))

    assert scheduled == rfc3339(moment)
    assert f'value="{local_text(moment, RIYADH)}"' in again.text
    assert "Riyadh" in again.text
    assert (await editor.article(article))["scheduled_for"] is None


@pytest.mark.parametrize(
    ("text", "error"),
    [("", "To end a schedule, use Unschedule"), ("2020-01-01T10:00", "has passed"), ("soon", "not a day")],
    ids=["empty", "past", "unreadable"],
)
async def test_schedule_with_a_wrong_time_changes_nothing(editor: DeskClient, text: str, error: str) -> None:
    article = await editor.ingestion.create()

    answer = await editor.confirm(path_of(article, "schedule"), {"publish_at": text}, wanted=422)

    assert error in answer.text
    assert (await editor.article(article))["version"] == article["version"]


async def test_stale_act_is_refused_and_offers_the_new_version(editor: DeskClient) -> None:
    article = await editor.ingestion.create()
    asked = await editor.get(path_of(article, "publish"))
    hidden = {name: asked.hidden(name) for name in ("key", "version")}
    await editor.ingestion.edit(article, headline="Somebody else was here")

    refused = await editor.post(path_of(article, "publish"), hidden, wanted=412)

    assert (await editor.article(article))["status"] == "draft"
    assert "was changed after you opened this page" in refused.text
    assert refused.hidden("version") == "2"
    await editor.post(path_of(article, "publish"), {name: refused.hidden(name) for name in ("key", "version")})
    assert (await editor.article(article))["status"] == "published"


async def test_older_version_than_the_present_is_explained_before_the_act(editor: DeskClient) -> None:
    article = await editor.ingestion.create()
    await editor.ingestion.edit(article, headline="Somebody else was here")

    asked = await editor.get(path_of(article, "publish") + "?version=1")

    assert "compare?from=1&amp;to=2" in asked.text


async def test_double_click_publishes_once(editor: DeskClient) -> None:
    article = await editor.ingestion.create()
    asked = await editor.get(path_of(article, "publish"))
    hidden = {name: asked.hidden(name) for name in ("key", "version")}

    for _ in range(2):
        await editor.post(path_of(article, "publish"), hidden)

    assert (await editor.article(article))["version"] == 2


async def test_submitted_article_is_returned_with_a_note(editor: DeskClient, reporter: DeskClient) -> None:
    made = await reporter.ask(
        "POST", "/v1/articles", {"headline": "A", "section": "world", "body_markdown": "B."}, wanted=201
    )

    await reporter.confirm(path_of(made, "submit"))
    await editor.confirm(path_of(made, "return"), {"note": "Who says so?"})

    found = await editor.article(made)
    assert (found["submitted_at"], found["note_back"]) == (None, "Who says so?")


async def test_reporter_is_told_that_editors_publish(reporter: DeskClient) -> None:
    article = await reporter.ingestion.create()

    asked = await reporter.get(path_of(article, "publish"), wanted=403)
    await reporter.post(path_of(article, "publish"), {"version": "1", "key": "k"}, wanted=403)

    assert "<button>Publish now" not in asked.text
    assert (await reporter.article(article))["status"] == "draft"


async def test_embargo_hinders_publication_until_an_admin_lifts_it(editor: DeskClient, desk: DeskClient) -> None:
    article, admin = await editor.ingestion.create(tags=["One, two"]), await desk.as_role("admin")
    moment = (now() + timedelta(days=2)).replace(second=0, microsecond=0)

    await editor.confirm(path_of(article, "embargo"), {"embargo_until": local_text(moment, RIYADH)})
    hindered = await editor.get(path_of(article, "publish"))
    held = await editor.article(article)
    await admin.confirm(path_of(article, "lift-embargo"))

    assert "under embargo" in hindered.text
    assert "Publish now" not in hindered.text
    assert (held["embargo_until"] is None, held["tags"], held["body_markdown"]) == (
        False,
        ["One, two"],
        article["body_markdown"],
    )
    assert (await editor.article(article))["embargo_until"] is None


async def test_question_is_a_part_for_dialogs(editor: DeskClient) -> None:
    article = await editor.ingestion.create()

    part = await editor.get(path_of(article, "publish") + "?part=dialog")
    hidden = {name: part.hidden(name) for name in ("key", "version")}
    done = await editor.post(path_of(article, "publish") + "?part=dialog", hidden, wanted=200)

    assert "<html" not in part.text
    assert 'publish?part=dialog"' in part.text
    assert f'"/desk/articles/{article["id"]}?done=publish"' in done.text


async def test_act_from_another_site_is_refused(editor: DeskClient) -> None:
    article = await editor.ingestion.create()

    await editor.post(path_of(article, "publish"), {"version": "1"}, wanted=403, **{"Sec-Fetch-Site": "cross-site"})

    assert (await editor.article(article))["status"] == "draft"
