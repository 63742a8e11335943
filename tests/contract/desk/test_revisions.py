"""Revisions at the desk: the list, comparisons, restoring."""

import pytest

from tests.support.desk import DeskClient
from tests.support.ingestion import Json

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def changed_article(editor: DeskClient) -> Json:
    """An article of two versions."""
    article = await editor.ingestion.create(
        headline="One", body_markdown="The ferry waits.\n\n[Fares](https://one.example/)"
    )
    return await editor.ingestion.edit(
        article, headline="Two", body_markdown="The ferry sails.\n\n[Fares](https://two.example/)"
    )


async def test_revisions_tell_who_when_and_what(editor: DeskClient) -> None:
    article = await editor.ingestion.act(
        await changed_article(editor), "schedule", {"publish_at": "2031-02-08T21:05:00Z"}
    )

    answer = await editor.get(f"/desk/articles/{article['id']}/revisions")

    for text in ("Created", "Saved", "Scheduled for", "9 Feb 2031, 00:05", "Version 3"):
        assert text in answer.text
    assert answer.text.count(">Restore</button>") == 2


async def test_comparison_marks_words_for_eyes_and_screen_readers(editor: DeskClient) -> None:
    article = await changed_article(editor)

    answer = await editor.get(f"/desk/articles/{article['id']}/compare?from=1&to=2")

    assert '<del><span class="unseen" lang="en">removed: </span>waits<' in answer.text
    assert '<ins><span class="unseen" lang="en">added: </span>sails<' in answer.text
    assert "example" not in answer.text
    assert "Saved automatically" not in answer.text


async def test_raw_comparison_shows_the_markup(editor: DeskClient) -> None:
    article = await changed_article(editor)

    answer = await editor.get(f"/desk/articles/{article['id']}/compare?from=2&to=1&view=raw")

    assert "(https://<del>" in answer.text
    assert "one<" in answer.text


async def test_version_without_a_revision_is_compared_with_the_newest_before_it(editor: DeskClient) -> None:
    made = await editor.ask(
        "POST", "/v1/articles?autosave=true", {"headline": "A", "section": "world", "body_markdown": "One."}, wanted=201
    )
    for version, text in enumerate(("Two.", "Three."), 1):
        await editor.ask(
            "PUT", f"/v1/articles/{made['id']}?autosave=true",
            {"headline": "A", "section": "world", "body_markdown": text}, If_Match=f'"{version}"',
        )  # fmt: skip

    revisions = await editor.get(f"/desk/articles/{made['id']}/revisions")
    answer = await editor.get(f"/desk/articles/{made['id']}/compare?from=2&to=3")

    assert "Saved automatically" in revisions.text
    assert "Three<" in answer.text


async def test_restored_revision_becomes_the_working_copy_after_one_question(editor: DeskClient) -> None:
    article = await changed_article(editor)

    asked = await editor.get(f"/desk/articles/{article['id']}/restore?from=1&to=2&revision=1")
    fields = {name: asked.hidden(name) for name in ("key", "version", "revision")}
    before = await editor.article(article)
    await editor.post(f"/desk/articles/{article['id']}/restore", fields)

    found = await editor.article(article)
    assert "Restore this version</button>" in asked.text
    assert (before["headline"], found["headline"], found["version"]) == ("Two", "One", 3)


@pytest.mark.parametrize("query", ["", "?from=1", "?from=a&to=2", "?from=0&to=0"])
async def test_comparison_of_nothing_is_not_found(editor: DeskClient, query: str) -> None:
    article = await changed_article(editor)

    await editor.get(f"/desk/articles/{article['id']}/compare{query}", wanted=404)


async def test_restore_without_a_revision_is_not_found(editor: DeskClient) -> None:
    article = await changed_article(editor)

    await editor.get(f"/desk/articles/{article['id']}/restore", wanted=404)
    await editor.post(f"/desk/articles/{article['id']}/restore", {"version": "2", "revision": "x"}, wanted=404)
