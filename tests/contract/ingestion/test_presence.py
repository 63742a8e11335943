"""Presence over HTTP: who is in an article."""

from datetime import timedelta

import pytest

from services.ingestion.articles.presence_rules import present
from shared.times import now
from tests.support.ingestion import IngestionClient, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def report(client: IngestionClient, article: Json, state: str) -> Json:
    """Report presence."""
    return await client.ask("POST", f"/v1/articles/{article['id']}/presence", {"state": state})


def people(answer: Json) -> list[tuple[object, object, object]]:
    """Names, states, and who is the asking person."""
    found = answer["people"]
    assert isinstance(found, list)
    return [(one["name"], one["state"], one["is_you"]) for one in found]


async def test_people_see_each_other_and_the_version(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Two windows")
    editor = await ingestion.as_role("editor")
    moderator = await ingestion.as_role("moderator")

    first = await report(editor, article, "editing")
    again = await report(editor, article, "viewing")
    second = await report(moderator, article, "viewing")
    changed = await ingestion.edit(article)
    left = await report(editor, article, "gone")

    assert (people(first), first["version"]) == ([("the editor", "editing", True)], 1)
    assert people(again) == people(first)
    assert people(second) == [("the editor", "editing", False), ("the moderator", "viewing", True)]
    assert (people(left), left["version"]) == ([("the moderator", "viewing", False)], changed["version"])


async def test_list_shows_names_alone_of_the_asked_articles(ingestion: IngestionClient) -> None:
    here, there, empty = [await ingestion.create(headline=name) for name in ("Here", "There", "Empty")]
    editor = await ingestion.as_role("editor")
    await report(editor, here, "editing")
    await report(editor, there, "viewing")

    found = await ingestion.ask("GET", f"/internal/presence?ids={here['id']},{empty['id']}")
    nothing = await ingestion.ask("GET", "/internal/presence?ids=")

    items = found["items"]
    assert isinstance(items, dict)
    assert list(items) == [here["id"]]
    assert [set(one) for one in items[here["id"]]] == [{"name", "state", "since"}]
    assert (items[here["id"]][0]["name"], items[here["id"]][0]["state"]) == ("the editor", "editing")
    assert nothing == {"items": {}}


async def test_person_who_leaves_without_a_word_is_gone_after_a_minute(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Left open")
    await report(ingestion, article, "editing")

    known = (await ingestion.store.presence.of([str(article["id"])]))[str(article["id"])]

    assert len(present(known, now())) == 1
    assert present(known, now() + timedelta(seconds=61)) == []


async def test_key_of_a_report_belongs_to_one_body(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Repeated")
    path, key = f"/v1/articles/{article['id']}/presence", str(article["id"])

    first = await ingestion.ask("POST", path, {"state": "viewing"}, Idempotency_Key=key)
    await report(ingestion, article, "gone")
    again = await ingestion.ask("POST", path, {"state": "viewing"}, Idempotency_Key=key)
    await ingestion.ask("POST", path, {"state": "gone"}, wanted=422, Idempotency_Key=key)

    assert again == first
    assert not (await ingestion.store.presence.of([str(article["id"])])).get(str(article["id"]))


async def test_wrong_presence_is_refused(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Refused")
    path = f"/v1/articles/{article['id']}/presence"

    answers = [
        await ingestion.call("POST", path, {"state": "typing"}),
        await ingestion.call("POST", path, {}),
        await ingestion.call("POST", f"/v1/articles/{'0' * 26}/presence", {"state": "viewing"}),
        await ingestion.client.post(path, json={"state": "viewing"}),
        await ingestion.call("GET", "/internal/presence?ids=x"),
        await ingestion.client.get("/internal/presence?ids="),
    ]

    assert [answer.status for answer in answers] == [422, 422, 404, 401, 422, 401]
