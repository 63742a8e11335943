"""The desk's list: filters of its address, counts, pages, memory, and the states of each article."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.times import now, rfc3339
from tests.support.desk import DeskAnswer, DeskClient
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def shown(answer: DeskAnswer) -> list[str]:
    """The ids of the articles in a list."""
    return re.findall(r'<a class="headline" href="/desk/articles/([0-9a-z]{26})"', answer.text)


async def until_shown(person: DeskClient, path: str, pattern: str) -> None:
    """Repeat a request: counts and presence are left out of a page when they take too long."""

    async def is_shown() -> bool:
        return re.search(pattern, (await person.get(path)).text) is not None

    await eventually(is_shown, what=f"{path}: {pattern}")


def link(answer: DeskAnswer, text: str) -> str:
    """The address of a link."""
    found = re.search(rf'<a[^>]* href="([^"]*)"[^>]*>{text}', answer.text)
    assert found is not None, text
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    "filters",
    ["section=sports", "tag={word}", "q={word}", "byline={word}", "language=fr", "by=me", "status=draft"],
)
async def test_filter_of_the_address_is_applied(desk: DeskClient, filters: str) -> None:
    editor, word = await desk.as_role("editor"), f"w{uuid4().hex[:8]}"
    fields = {
        "headline": word,
        "section": "sports",
        "body_markdown": "B.",
        "tags": [word],
        "bylines": [word],
        "language": "fr",
    }
    mine = await editor.ask("POST", "/v1/articles", fields, wanted=201)
    other = await editor.ingestion.act(await editor.ingestion.create(), "publish")

    found = shown(await editor.get(f"/desk?{filters.format(word=word)}"))

    assert mine["id"] in found
    assert other["id"] not in found


async def test_views_show_published_articles_with_changes_and_scheduled_and_submitted_ones(editor: DeskClient) -> None:
    ingestion = editor.ingestion
    published = await ingestion.act(await ingestion.create(), "publish")
    changed = await ingestion.edit(await ingestion.act(await ingestion.create(), "publish"), headline="Now different")
    later = rfc3339(now() + timedelta(days=1))
    scheduled = await ingestion.act(await ingestion.create(), "schedule", {"publish_at": later})
    submitted = await ingestion.act(await ingestion.create(), "submit")

    pages = {name: shown(await editor.get(f"/desk?{name}=true")) for name in ("changed", "scheduled", "submitted")}

    assert [name for name, ids in pages.items() if published["id"] in ids] == []
    for name, article in (("changed", changed), ("scheduled", scheduled), ("submitted", submitted)):
        assert [other for other, ids in pages.items() if article["id"] in ids] == [name]


async def test_older_articles_are_a_page_with_the_same_filters(editor: DeskClient) -> None:
    word = f"w{uuid4().hex[:8]}"
    made = [str((await editor.ingestion.create(headline=f"{word} {number}"))["id"]) for number in range(31)]

    first = await editor.get(f"/desk?q={word}&status=draft")
    second = await editor.get(link(first, "Older articles"))

    assert shown(first) + shown(second) == made[::-1]
    assert link(second, "Newest articles") == f"/desk?status=draft&q={word}"


async def test_counts_stand_beside_the_views_of_the_whole_list_alone(editor: DeskClient) -> None:
    await editor.ingestion.create()

    count = r'href="/desk\?[^"]*status=draft[^"]*"[^>]*>Drafts <span class="quiet">[1-9]'
    await until_shown(editor, "/desk", count)

    part = await editor.get("/desk?section=world")

    assert not re.search(count, part.text)


async def test_last_filters_are_offered_at_the_next_visit(editor: DeskClient, reporter: DeskClient) -> None:
    answer = await editor.get("/desk?status=draft&section=africa")
    kept = answer.headers["Set-Cookie"].partition(";")[0]

    again, other = await editor.with_cookie(kept).get("/desk"), await reporter.with_cookie(kept).get("/desk")

    assert link(again, "Back to your last filters") == "/desk?status=draft&section=africa"
    assert "Back to your last filters" not in other.text


async def test_refused_filter_is_an_error_and_not_a_broken_page(editor: DeskClient) -> None:
    answer = await editor.get("/desk?section=gossip", wanted=422)

    assert 'role="alert"' in answer.text
    assert shown(answer) == []


async def test_row_tells_the_states_with_the_newsrooms_times(editor: DeskClient) -> None:
    article = await editor.ingestion.create(headline=f"w{uuid4().hex[:8]}")
    await editor.ingestion.act(article, "schedule", {"publish_at": "2031-02-08T21:05:00Z"})

    answer = await editor.get(f"/desk?q={article['headline']}")

    assert "Scheduled for <time" in answer.text
    assert ">9 Feb 2031, 00:05</time>" in answer.text
    assert "Times are those of Riyadh" in answer.text


async def test_row_names_the_people_who_are_in_the_story(desk: DeskClient, editor: DeskClient) -> None:
    article = await editor.ingestion.create(headline=f"w{uuid4().hex[:8]}")
    writer = await desk.as_role("reporter", name="Ines Halloran")
    await writer.ask("POST", f"/v1/articles/{article['id']}/presence", {"state": "editing"})

    await until_shown(editor, f"/desk?q={article['headline']}", "<bdi>Ines Halloran</bdi> is writing")


async def test_list_in_arabic_has_arabic_digits(desk: DeskClient) -> None:
    editor = await desk.as_role("editor", language="ar")

    answer = await editor.get("/desk")

    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "الأوقات بتوقيت الرياض" in answer.text
