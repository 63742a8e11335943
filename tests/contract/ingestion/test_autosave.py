"""Automatic saves: incomplete texts, few revisions, and no lost race by one's own saves."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.support.ingestion import DRAFT, IngestionClient, Json, pointers

pytestmark = pytest.mark.asyncio(loop_scope="module")
EMPTY: Json = {"headline": "", "section": "world", "body_markdown": ""}


async def autosave(client: IngestionClient, article: Json, *, wanted: int = 200, **fields: object) -> Json:
    """Save automatically this version of the article."""
    return await saved_with(client, article, fields, wanted)


async def saved_with(client: IngestionClient, article: Json, fields: Json, wanted: int = 200) -> Json:
    """Save automatically this version of the article, with these fields."""
    path = f"/v1/articles/{article['id']}?autosave=true"
    return await client.ask("PUT", path, {**DRAFT, **fields}, match=article["version"], wanted=wanted)


async def revisions(client: IngestionClient, article: Json, *, limit: int = 20) -> Sequence[Json]:
    """All revisions of an article, newest first, read in pages of `limit`, each full but the last."""
    found: list[Json] = []
    cursor: object = ""
    while cursor is not None:
        page = await client.ask("GET", f"/v1/articles/{article['id']}/revisions?limit={limit}&cursor={cursor}")
        assert isinstance(page["items"], list)
        cursor = page["next_cursor"]
        assert len(page["items"]) == limit or cursor is None
        found += page["items"]
    return found


async def test_text_of_nothing_is_saved_automatically_but_not_by_hand(ingestion: IngestionClient) -> None:
    draft = await ingestion.ask("POST", "/v1/articles?autosave=true", EMPTY, wanted=201)
    refused = await ingestion.edit(draft, **EMPTY, wanted=422)
    saved = await autosave(ingestion, draft, headline="Ferry", body_markdown="")

    assert (draft["headline"], draft["body_markdown"], draft["body_html"], draft["version"]) == ("", "", "", 1)
    assert set(pointers(refused)) == {"/headline", "/body_markdown"}
    assert (saved["headline"], saved["slug"], saved["version"]) == ("Ferry", "ferry", 2)


async def test_section_is_needed_always_and_flag_is_true_or_false(ingestion: IngestionClient) -> None:
    no_section = await ingestion.ask("POST", "/v1/articles?autosave=true", {**EMPTY, "section": ""}, wanted=422)
    no_flag = await ingestion.ask("POST", "/v1/articles?autosave=yes", EMPTY, wanted=422)
    explicit = await ingestion.ask("POST", "/v1/articles?autosave=false", EMPTY, wanted=422)

    assert pointers(no_section) == ["/section"]
    assert pointers(no_flag) == ["?autosave"]
    assert set(pointers(explicit)) == {"/headline", "/body_markdown"}


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"headline": ""}, ["/headline"]),
        ({"body_markdown": ""}, ["/body_markdown"]),
        ({"body_markdown": "[x]: https://a.example"}, ["/body_markdown"]),
        ({"headline": "", "body_markdown": " "}, ["/headline", "/body_markdown"]),
        ({"lead_image": {"url": "/media/a.jpg"}}, ["/lead_image/alt"]),
    ],
)
async def test_incomplete_text_is_published_by_no_act(
    ingestion: IngestionClient, fields: dict[str, object], missing: list[str]
) -> None:
    draft = await saved_with(ingestion, await ingestion.create(), fields)
    public = await saved_with(ingestion, await ingestion.act(await ingestion.create(), "publish"), fields)

    refused = [
        await ingestion.act(draft, "publish", wanted=422),
        await ingestion.act(public, "publish", wanted=422),
        await ingestion.act(public, "correct", {"note": "It was another."}, wanted=422),
    ]

    assert [pointers(problem) for problem in refused] == [missing] * 3
    assert await ingestion.ask("GET", f"/v1/articles/{public['id']}") == public
    await ingestion.act(public, "withdraw", {"reason": "It is half a text."})


async def test_readers_see_nothing_of_automatic_saves(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="What is public"), "publish")
    saved = await autosave(ingestion, public, headline="What is not")
    updated = await ingestion.act(saved, "publish")

    events = await ingestion.events(public, 2)

    assert [(event.version, event.headline) for event in events] == [(2, "What is public"), (4, "What is not")]
    assert [article["changed"] for article in (public, saved, updated)] == [False, True, False]
    assert [article["public_version"] for article in (public, saved, updated)] == [2, 2, 4]


async def test_twenty_saves_one_at_a_time_lose_no_race(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Twenty saves")

    for number in range(20):
        article = await autosave(ingestion, article, body_markdown=f"Sentence {number}.")

    assert (article["version"], article["body_markdown"]) == (21, "Sentence 19.")


async def test_stale_automatic_save_is_412_and_one_without_version_428(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="A race")
    path = f"/v1/articles/{article['id']}?autosave=true"
    saved = await autosave(ingestion, article, headline="A race, won")

    missing = await ingestion.call("PUT", path, DRAFT)
    stale = await ingestion.call("PUT", path, DRAFT, match=1)

    assert (missing.status, stale.status) == (428, 412)
    assert await ingestion.ask("GET", f"/v1/articles/{article['id']}") == saved


async def test_one_of_concurrent_automatic_saves_wins(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Everyone types")
    path = f"/v1/articles/{article['id']}?autosave=true"

    answers = await asyncio.gather(
        *(ingestion.call("PUT", path, {**DRAFT, "headline": f"Typed {number}"}, match=1) for number in range(6))
    )

    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412, 412]


async def test_revisions_of_many_saves_are_few_and_their_pages_full(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Saved often")
    for round_ in range(4):
        for number in range(3):
            article = await autosave(ingestion, article, body_markdown=f"Sentence {round_}.{number}.")
        article = await ingestion.edit(article, headline=f"Saved often {round_}")

    found = await revisions(ingestion, article)

    assert [(item["version"], item["action"]) for item in found] == [
        (17, "edit"), (13, "edit"), (9, "edit"), (5, "edit"), (2, "autosave"), (1, "create"),
    ]  # fmt: skip
    assert [await revisions(ingestion, article, limit=limit) for limit in (1, 2, 3, 6)] == [found] * 4


async def test_text_that_a_colleague_replaces_gets_its_revision(ingestion: IngestionClient) -> None:
    other = await ingestion.as_role("editor")
    article = await ingestion.create(headline="Two people")
    for text in ("One.", "One. Two.", "One. Two. Three."):
        article = await autosave(ingestion, article, body_markdown=text)

    taken = await other.edit(article, body_markdown="All gone.")

    found = await revisions(ingestion, taken)
    assert [(item["version"], item["action"], item["by"]) for item in found] == [
        (5, "edit", "the editor"), (4, "autosave", "admin"), (2, "autosave", "admin"), (1, "create", "admin"),
    ]  # fmt: skip
    content = found[1]["content"]
    assert isinstance(content, dict)
    assert content["body_markdown"] == "One. Two. Three."
    assert found[0]["by_id"] != found[1]["by_id"]


async def test_roles_count_for_automatic_saves(ingestion: IngestionClient) -> None:
    reporter, moderator = await ingestion.as_role("reporter"), await ingestion.as_role("moderator")
    draft = await ingestion.create(headline="A reporter's")
    public = await ingestion.act(await ingestion.create(headline="A public one"), "publish")

    await autosave(reporter, draft)
    await autosave(reporter, public, wanted=403)
    await autosave(moderator, draft, wanted=403)
    await moderator.ask("POST", "/v1/articles?autosave=true", EMPTY, wanted=403)


async def test_key_of_an_automatic_save_is_not_good_for_one_by_hand(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="A key")
    path, body = f"/v1/articles/{article['id']}", {**DRAFT, "headline": "A key, saved"}

    saved = await ingestion.ask("PUT", f"{path}?autosave=true", body, match=1, Idempotency_Key="autosave-a-key")
    again = await ingestion.ask("PUT", f"{path}?autosave=true", body, match=1, Idempotency_Key="autosave-a-key")
    by_hand = await ingestion.call("PUT", path, body, match=1, Idempotency_Key="autosave-a-key")

    assert saved == again
    assert by_hand.status == 422
