"""`world-monitor comments import` beside a running service: threads appear with their states, once."""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from services.comments.imports.disqus import DisqusExport
from services.comments.imports.run import read_table, run_import
from services.comments.imports.source import BadImport
from services.comments.settings import CommentsSettings
from tests.support.commands import world_monitor
from tests.support.comments import CommentsService, running_comments
from tests.support.old_comments import disqus_post, write_disqus, write_isso

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def settings(kafka_url: str, mongo_url: str, redis_url: str) -> CommentsSettings:
    return CommentsSettings(
        kafka=kafka_url, mongo=mongo_url, redis=redis_url, kafka_idempotence=False, rate_limits="off"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def comments(settings: CommentsSettings) -> AsyncIterator[CommentsService]:
    # The command knows the database of production alone.
    async with running_comments(settings, "comments") as running:
        yield running


async def test_imported_discussion_is_whole_and_a_second_import_changes_nothing(
    comments: CommentsService, settings: CommentsSettings, tmp_path: Path
) -> None:
    article = await comments.publish_article(url=f"/world/{uuid4().hex}")
    await comments.discussion(article.id)
    words = ("comments", "import", "isso", str(write_isso(tmp_path / "comments.db", f"{article.url}/")), "--json")
    run = partial(asyncio.to_thread, partial(world_monitor, *words, WM_KAFKA=settings.kafka, WM_MONGO=settings.mongo))

    first, again = await run(), await run()

    reports = [json.loads(done.stdout) for done in (first, again)]
    assert [(report["created"], report["known"]) for report in reports] == [(5, 0), (0, 5)]
    discussion = await comments.discussion(article.id)
    opener, placeholder = discussion["items"]
    assert (discussion["total"], opener["name"], opener["created_at"]) == (3, "Ada", "2017-07-14T02:40:00.250Z")
    assert [reply["name"] for reply in opener["replies"]] == ["Guest"]
    assert (placeholder["status"], [reply["name"] for reply in placeholder["replies"]]) == ("removed", ["Eva"])
    (record,) = await comments.topic.until(opener["id"])
    assert b"ada@example.org" not in (record.value or b"")
    assert await comments.store.contacts.comments_of("ada@example.org") == [opener["id"]]


async def test_table_names_articles_and_the_rest_is_reported(comments: CommentsService, tmp_path: Path) -> None:
    article = await comments.publish_article(url=f"/world/{uuid4().hex}")
    await comments.discussion(article.id)
    posts = "".join(disqus_post(number, f"<p>Post {number}</p>", parent=number - 1 or None) for number in range(1, 251))
    source = DisqusExport(write_disqus(tmp_path / "export.xml", "https://old.example/2019/lake.html", posts))
    table = tmp_path / "table.csv"
    table.write_text(f"https://old.example/2019/lake.html,{article.url}\n", "utf-8")
    progress: list[str] = []

    unknown = await run_import(comments.store, source, {}, progress.append, dry=False)
    tried = await run_import(comments.store, source, read_table(table), progress.append, dry=True)
    report = await run_import(comments.store, source, read_table(table), progress.append, dry=False)

    assert (unknown.created, unknown.left_out, unknown.unmatched) == (
        0,
        {"no article": 250},
        ["https://old.example/2019/lake.html"],
    )
    assert (tried.created, report.created, report.unmatched) == (250, 250, [])
    assert progress[-2:] == ["100 of 250 comments", "200 of 250 comments"]
    assert (await comments.discussion(article.id))["total"] == 250


@pytest.mark.parametrize(
    ("line", "message"), [("a,b,c", "line 1: two columns"), ("a,/nowhere", "not published: /nowhere")]
)
async def test_wrong_table_is_refused_and_nothing_is_imported(
    line: str, message: str, comments: CommentsService, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"{line}\n", "utf-8")
    source = DisqusExport(write_disqus(tmp_path / "export.xml", "a", disqus_post(1, "Text")))

    with pytest.raises(BadImport, match=message):
        await run_import(comments.store, source, read_table(table), print, dry=False)
