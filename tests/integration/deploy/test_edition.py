"""The sample edition is loaded through the public API, and a second load changes nothing."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path

import pytest

from deploy.edition.articles import Article, Comment, read_edition
from deploy.edition.plan import MOST_VIEWS
from tests.support.polling import eventually
from tests.support.running import ROOT, Platform, running_platform

EDITION = read_edition()


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with running_platform(tmp_path, EDITION="sample") as running:
        yield running


def load(platform: Platform, token: Path, embedded: bool) -> subprocess.CompletedProcess[str]:
    """Run `python -m deploy.edition` against this platform."""
    facts = platform.facts()
    arguments = ["--edge", platform.edge, "--token-file", str(token), "--kafka", str(facts["kafka"])]
    return subprocess.run(
        [sys.executable, "-m", "deploy.edition", *arguments],
        cwd=ROOT,
        env={**os.environ, "WM_KAFKA_IDEMPOTENCE": "off" if embedded else "on"},
        capture_output=True,
        text=True,
        check=False,
    )


def comments_of(article: Article) -> list[Comment]:
    found = list(article.comments)
    for comment in found:
        found.extend(comment.replies)
    return found


async def get(platform: Platform, path: str) -> dict[str, object]:
    async with platform.http.get(platform.edge + path, headers=platform.editor) as answer:
        assert answer.status == 200, f"{path}: {answer.status} {await answer.text()}"
        found: dict[str, object] = await answer.json()
        return found


async def all_views(platform: Platform) -> int:
    """The sum of all articles' views."""
    ranking = await get(platform, "/v1/popular?window=all&limit=100")
    assert isinstance(ranking["items"], list)
    return sum(int(item["views"]) for item in ranking["items"])


@pytest.mark.long
async def test_edition_is_loaded_once_and_a_second_load_changes_nothing(
    platform: Platform, embedded_kafka: bool
) -> None:
    async def counted() -> bool:
        return await all_views(platform) > 0.98 * MOST_VIEWS

    await eventually(counted)
    before = await all_views(platform)
    listed = await get(platform, "/v1/articles?status=published&limit=100")

    assert isinstance(listed["items"], list)
    found = {item["slug"]: item for item in listed["items"]}
    assert set(found) == {article.slug for article in EDITION}
    for article in EDITION:
        assert found[article.slug]["body_markdown"] == article.body, article.slug
        assert (found[article.slug]["corrected_at"] is not None) == (article.correction is not None)
    waiting = await get(platform, "/v1/comments?status=pending&limit=100")
    assert isinstance(waiting["items"], list)
    everything = list(chain.from_iterable(comments_of(article) for article in EDITION))
    assert len(waiting["items"]) == sum(comment.held for comment in everything)
    for article in EDITION:
        discussion = await get(platform, f"/v1/articles/{found[article.slug]['id']}/comments?limit=100")
        assert discussion["total"] == sum(not comment.held for comment in comments_of(article)), article.slug
    status, home = await platform.page("/")
    assert status == 200
    pictures = await get(platform, "/v1/media?limit=100")
    assert isinstance(pictures["items"], list)
    assert len(pictures["items"]) == sum(article.picture is not None for article in EDITION)
    folders = {picture["url"].rpartition("/")[0] for picture in pictures["items"]}
    assert sum(folder in home for folder in folders) >= 8

    again = load(platform, platform.data / "editor.token", embedded_kafka)

    assert again.returncode == 0, again.stdout + again.stderr
    relisted = await get(platform, "/v1/articles?limit=100")
    assert relisted["items"] == listed["items"]
    # A plan made some seconds later has the same views, except a few at the limits of hours.
    assert await all_views(platform) <= before + 0.02 * MOST_VIEWS

    stranger = platform.data / "stranger.token"
    stranger.write_text("a-token-that-nobody-was-given")
    refused = load(platform, stranger, embedded_kafka)

    assert refused.returncode == 1
    # The pictures come first.
    assert "picture: POST /v1/media was answered 401: Send an editor's token" in refused.stdout
