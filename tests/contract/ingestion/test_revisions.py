"""Revisions: one whole, and restored as the working copy."""

from datetime import timedelta

import pytest

from services.ingestion.people.roles import Role
from shared.times import now, rfc3339
from tests.support.ingestion import DRAFT, IngestionClient, Json, pointers

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def restore(client: IngestionClient, article: Json, version: int, wanted: int = 200) -> Json:
    return await client.act(article, f"revisions/{version}/restore", wanted=wanted)


async def test_revision_is_shown_whole(ingestion: IngestionClient) -> None:
    first = await ingestion.create(body_markdown="They *rise*.", standfirst="From March on.")
    await ingestion.edit(first, headline="Other")

    revision = await ingestion.ask("GET", f"/v1/articles/{first['id']}/revisions/1")

    assert (revision["version"], revision["action"], revision["by"]) == (1, "create", "admin")
    assert revision["by_id"]
    assert revision["body_html"] == first["body_html"]
    content = revision["content"]
    assert isinstance(content, dict)
    assert {name: content[name] for name in content} == {name: first[name] for name in content}


async def test_restored_text_is_the_working_copy_in_a_new_revision(ingestion: IngestionClient) -> None:
    first = await ingestion.create(headline="First text", tags=["One"], lead_image={"url": "/media/a.jpg", "alt": "A"})
    second = await ingestion.act(await ingestion.edit(first, headline="Second text"), "publish")

    restored = await restore(ingestion, second, 1)

    kept = ("headline", "body_markdown", "body_html", "tags", "lead_image", "section", "slug")
    assert {name: restored[name] for name in kept} == {name: first[name] for name in kept}
    assert (restored["version"], restored["changed"], restored["public_version"]) == (4, True, 3)
    newest = await ingestion.ask("GET", f"/v1/articles/{first['id']}/revisions/4")
    assert (newest["action"], newest["note"]) == ("restore", "1")
    again = await restore(ingestion, restored, 2)
    assert again["headline"] == "Second text"


async def test_restored_text_gets_another_slug_when_its_own_is_taken(ingestion: IngestionClient) -> None:
    first = await ingestion.create(headline="Contested slug", slug="contested-slug")
    second = await ingestion.edit(first, slug="released")
    await ingestion.create(slug="contested-slug")

    restored = await restore(ingestion, second, 1)

    assert (restored["headline"], restored["slug"]) == ("Contested slug", "released")


async def test_restoring_keeps_schedule_and_embargo(ingestion: IngestionClient) -> None:
    article = await ingestion.create(embargo_until="2027-01-01T00:00:00Z")
    article = await ingestion.act(article, "schedule", {"publish_at": "2027-02-01T00:00:00Z"})
    article = await ingestion.edit(article, headline="Edited")

    restored = await restore(ingestion, article, 1)

    assert restored["scheduled_for"] == article["scheduled_for"]
    assert restored["embargo_until"] == article["embargo_until"]


async def test_unknown_version_is_404_and_preconditions_hold(ingestion: IngestionClient) -> None:
    article = await ingestion.create()
    path = f"/v1/articles/{article['id']}/revisions"

    for version in ("2", "0", "999999999", "1234567890", "x"):
        await ingestion.ask("GET", f"{path}/{version}", wanted=404)
        await ingestion.ask("POST", f"{path}/{version}/restore", {}, match=1, wanted=404)
    await ingestion.ask("POST", f"{path}/1/restore", {}, wanted=428)
    await ingestion.ask("POST", f"{path}/1/restore", {}, match=7, wanted=412)
    await ingestion.ask("POST", f"{path}/1/restore", {"x": 1}, match=1, wanted=422)
    await ingestion.ask("GET", f"{path}/1?x=1", wanted=422)
    assert await ingestion.ask("GET", f"/v1/articles/{article['id']}") == article


async def test_restore_is_idempotent_by_key(ingestion: IngestionClient) -> None:
    article = await ingestion.edit(await ingestion.create(), headline="Second")
    path = f"/v1/articles/{article['id']}/revisions/1/restore"

    answers = [await ingestion.ask("POST", path, {}, match=2, Idempotency_Key=f"r-{article['id']}") for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0]["version"] == 3


@pytest.mark.parametrize(
    ("role", "draft", "published"),
    [("reporter", 200, 403), ("editor", 200, 200), ("moderator", 403, 403), ("admin", 200, 200)],
)
async def test_restoring_needs_the_right_to_edit(
    ingestion: IngestionClient, role: Role, draft: int, published: int
) -> None:
    client = await ingestion.as_role(role)
    unpublished = await ingestion.edit(await ingestion.create(), headline="Second")
    public = await ingestion.act(await ingestion.edit(await ingestion.create(), headline="Second"), "publish")

    await restore(client, unpublished, 1, wanted=draft)
    await restore(client, public, 1, wanted=published)
    assert (await client.call("GET", f"/v1/articles/{public['id']}/revisions/1")).status == 200


async def test_section_that_is_gone_is_422(ingestion: IngestionClient) -> None:
    article = await ingestion.edit(await ingestion.create(), headline="Second")
    revisions = ingestion.store.articles.revisions._revisions
    await revisions.update_one({"article_id": article["id"], "version": 1}, {"$set": {"content.section": "gone"}})

    problem = await restore(ingestion, article, 1, wanted=422)

    assert pointers(problem) == ["/section"]


async def test_own_text_that_was_saved_automatically_is_kept_before_a_restore(ingestion: IngestionClient) -> None:
    article = await ingestion.create(headline="Mine")
    path = f"/v1/articles/{article['id']}?autosave=true"
    for text in ("One.", "One. Two."):
        article = await ingestion.ask("PUT", path, {**DRAFT, "body_markdown": text}, match=article["version"])

    await restore(ingestion, article, 1)

    kept = await ingestion.ask("GET", f"/v1/articles/{article['id']}/revisions/{article['version']}")
    content = kept["content"]
    assert isinstance(content, dict)
    assert (kept["action"], content["body_markdown"]) == ("autosave", "One. Two.")


async def test_text_of_a_scheduled_draft_needs_the_right_to_edit(ingestion: IngestionClient) -> None:
    reporter, editor = await ingestion.as_role("reporter"), await ingestion.as_role("editor")
    draft = await ingestion.edit(await ingestion.create(), headline="Second")
    planned = await ingestion.act(draft, "schedule", {"publish_at": rfc3339(now() + timedelta(days=30))})
    autosaved = f"/v1/articles/{planned['id']}?autosave=true"

    await reporter.edit(planned, headline="Smuggled", wanted=403)
    await reporter.ask("PUT", autosaved, DRAFT, match=planned["version"], wanted=403)
    await restore(reporter, planned, 1, wanted=403)

    assert await ingestion.ask("GET", f"/v1/articles/{planned['id']}") == planned
    edited = await editor.edit(planned, headline="Third")
    await reporter.edit(await editor.act(edited, "unschedule"), headline="Free again")
