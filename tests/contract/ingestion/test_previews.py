"""Previews: an unguessable address of a working copy, for a day."""

from datetime import datetime, timedelta

import pytest

from shared.http.bearer import hash_token
from shared.times import now
from tests.support.ingestion import IngestionClient, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def preview(client: IngestionClient, article: Json, key: str | None = None) -> tuple[str, Json]:
    """Make a preview: its token and the answer."""
    headers = {} if key is None else {"Idempotency_Key": key}
    answer = await (await client.call("POST", f"/v1/articles/{article['id']}/preview", **headers)).json()
    return str(answer["url"]).rpartition("/")[2], answer


async def test_preview_shows_the_working_copy_without_an_account(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="Never published")

    token, answer = await preview(ingestion, draft)

    assert answer["url"] == f"http://127.0.0.1:8080/desk/preview/{token}"
    expires_at = datetime.fromisoformat(str(answer["expires_at"]))
    assert timedelta(hours=23, minutes=50) < expires_at - now() <= timedelta(hours=24)
    shown = await ingestion.client.get(f"/internal/previews/{token}")
    assert (shown.status, await shown.json()) == (200, draft)
    assert shown.headers["Cache-Control"] == "no-store"


async def test_preview_follows_the_working_copy_and_shows_a_withdrawn_article(ingestion: IngestionClient) -> None:
    public = await ingestion.act(await ingestion.create(headline="To withdraw"), "publish")
    token, _ = await preview(ingestion, public)

    withdrawn = await ingestion.act(public, "withdraw", {"reason": "It is not so."})
    edited = await ingestion.edit(withdrawn, headline="To publish again")

    assert await ingestion.ask("GET", f"/internal/previews/{token}") == edited


async def test_guessed_preview_is_404(ingestion: IngestionClient) -> None:
    token, _ = await preview(ingestion, await ingestion.create(headline="Not for guessing"))
    last = "A" if token[-1] != "A" else "B"

    guesses = [token[:-1] + last, token[:-1], token.swapcase(), hash_token(token), hash_token(token)[:43], "A" * 43]

    answers = [await ingestion.client.get(f"/internal/previews/{guess}") for guess in guesses]
    assert {answer.status for answer in answers} == {404}


async def test_preview_ends_after_a_day(ingestion: IngestionClient) -> None:
    token, answer = await preview(ingestion, await ingestion.create(headline="For a day"))
    end = datetime.fromisoformat(str(answer["expires_at"]))

    assert await ingestion.store.previews.find(token, end - timedelta(seconds=1)) is not None
    assert await ingestion.store.previews.find(token, end + timedelta(seconds=1)) is None


async def test_database_has_no_token_of_a_preview(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="Hashes alone")
    tokens = [(await preview(ingestion, draft, key=f"key-{number}"))[0] for number in range(2)]

    stored = [repr(document) async for document in ingestion.store.previews.collection.find({})]
    answers = [repr(document) async for document in ingestion.store.answers.collection.find({})]

    assert len(stored) >= 2
    assert not [text for text in stored + answers for token in tokens if token in text]


async def test_repeated_key_gives_the_first_preview_and_no_other_article(ingestion: IngestionClient) -> None:
    draft, other = await ingestion.create(headline="A"), await ingestion.create(headline="B")

    first = await preview(ingestion, draft, key="one-preview")
    again = await preview(ingestion, draft, key="one-preview")
    without = await preview(ingestion, draft)
    misused = await ingestion.call("POST", f"/v1/articles/{other['id']}/preview", Idempotency_Key="one-preview")
    colleague = await preview(await ingestion.as_role("editor"), draft, key="one-preview")

    assert first == again
    assert len({first[0], without[0], colleague[0]}) == 3
    assert misused.status == 422


async def test_preview_needs_a_right_and_an_article(ingestion: IngestionClient) -> None:
    draft = await ingestion.create(headline="Rights")
    path = f"/v1/articles/{draft['id']}/preview"
    reporter, moderator = await ingestion.as_role("reporter"), await ingestion.as_role("moderator")

    answers = [
        await ingestion.client.post(path),
        await moderator.call("POST", path),
        await reporter.call("POST", path),
        await ingestion.call("POST", path, match=7),
        await ingestion.call("POST", f"/v1/articles/{'0' * 26}/preview"),
    ]

    assert [answer.status for answer in answers] == [401, 403, 200, 412, 404]
