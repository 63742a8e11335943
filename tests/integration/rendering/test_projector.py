"""Two projector processes on one log, killed by turns while events come in: nothing is lost."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic

from services.rendering.pages.reading import Reading
from services.rendering.readmodel.store import ReadModel
from shared.events import ArticleState, CommentState, encode
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from tests.support.polling import eventually
from tests.support.projector import a_comment, an_article

ROOT = Path(__file__).resolve().parents[3]
# The shortest session timeout that Kafka allows by default.
SESSION_MS = 6000
ARTICLES = 120
KILLS = 4


@asynccontextmanager
async def projectors(
    environment: Mapping[str, str], *arguments: str
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Two projector processes. The caller replaces a killed one in the list."""
    running = [await _start(environment, *arguments) for _ in range(2)]
    try:
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _start(environment: Mapping[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.projector_process", *arguments,
        cwd=ROOT, env={**os.environ, **environment}, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def test_projectors_killed_repeatedly_lose_nothing(
    kafka_url: str, mongo_url: str, embedded_kafka: bool, mongo_database: str
) -> None:
    environment = {
        "WM_KAFKA": kafka_url, "WM_MONGO": mongo_url, "WM_KAFKA_IDEMPOTENCE": "off" if embedded_kafka else "on",
        "WM_SESSION_TIMEOUT_MS": str(SESSION_MS),
    }  # fmt: skip
    rng = random.Random(7)
    newest: dict[str, ArticleState] = {}
    comments: list[CommentState] = []
    producer, mongo = Producer(kafka_url, idempotence=not embedded_kafka), Mongo(mongo_url)
    tag = f"Tag {mongo_database}"

    async with projectors(environment, mongo_database, f"group-{mongo_database}") as running:
        for number in range(ARTICLES):
            article = an_article(minute=rng.randrange(400), tags=(tag,))
            newest[article.id] = article
            again = newest[rng.choice(list(newest))]
            changed = again.model_copy(update={"version": again.version + 1, "headline": f"Changed at {number}"})
            newest[again.id] = changed
            comments.append(a_comment(article.id))
            await producer.send(encode(article), encode(changed), encode(comments[-1]))
            if number % (ARTICLES // KILLS) == ARTICLES // KILLS - 1:
                await _kill_one(running, rng, environment, mongo_database)
        waited_since = monotonic()
        model = ReadModel(mongo, mongo_database)
        await _until_read(model, newest, comments[-1])
        print(
            f"all of {ARTICLES} articles read {monotonic() - waited_since:.1f} s after the last event and {KILLS} kills"
        )

    cards = await _cards(model, f"tag:{tag.lower().replace(' ', '-').replace('_', '-')}")
    assert [(article_id, headline) for article_id, headline, _ in cards] == [
        (article.id, article.headline)
        for article in sorted(newest.values(), key=lambda a: (a.published_at, a.id), reverse=True)
    ]
    await producer.stop()
    mongo.close()


async def _kill_one(
    running: list[asyncio.subprocess.Process], rng: random.Random, environment: Mapping[str, str], database: str
) -> None:
    victim = rng.randrange(2)
    running[victim].send_signal(signal.SIGKILL)
    await running[victim].wait()
    running[victim] = await _start(environment, database, f"group-{database}")


async def _until_read(model: ReadModel, newest: Mapping[str, ArticleState], comment: CommentState) -> None:
    """Wait for the newest version of every article, and for the last comment."""

    async def is_read(article: ArticleState) -> bool:
        reading = Reading(model)
        found = await reading.article(article.id)
        if found is None or found.version != article.version:
            return False
        comments = await reading.comments(found)
        return comment.article_id != article.id or bool(comments is not None and comments.total)

    for article in newest.values():
        await eventually(partial(is_read, article), what=f"{article.id} in version {article.version}")


async def _cards(model: ReadModel, listing: str) -> list[tuple[str, str, datetime]]:
    page = await Reading(model).front(listing)
    cards: list[tuple[str, str, datetime]] = []
    while page is not None:
        cards += [(card.article_id, card.headline, card.published_at) for card in page.cards]
        page = None if page.older is None else await Reading(model).page(listing, page.older)
    return cards
