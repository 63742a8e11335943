"""Events for the projector, a running projector, and a reader of `pages.v1`, for tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.rendering.projector.wiring import create_projector
from services.rendering.settings import RenderingSettings
from shared.events import (
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    CommentPublished,
    CommentState,
    DocumentChanged,
    decode,
)
from shared.ids import new_id
from shared.kafka.client import as_record
from tests.support.polling import PATIENCE_S

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)


def an_article(kind: type[ArticleState] = ArticlePublished, **changes: object) -> ArticleState:
    """An article event as ingestion writes it; `minute` sets the time of publication."""
    article_id = str(changes.get("id", new_id()))
    moment = MORNING + timedelta(minutes=int(str(changes.pop("minute", 0))))
    fields: dict[str, object] = {
        "id": article_id, "version": 1, "status": "withdrawn" if kind is ArticleWithdrawn else "published",
        "slug": article_id, "url": f"/world/{article_id}", "headline": f"The lake came back to {article_id}",
        "section": "world", "body_html": "<p>It did.</p>", "created_at": moment, "updated_at": moment,
        "published_at": moment,
    }  # fmt: skip
    return kind.model_validate(fields | changes)


def a_comment(article_id: str, kind: type[CommentState] = CommentPublished, **changes: object) -> CommentState:
    """A comment event as the comments service writes it; `minute` sets its time."""
    comment_id = str(changes.get("id", new_id()))
    fields: dict[str, object] = {
        "id": comment_id, "version": 1, "article_id": article_id, "root_id": comment_id, "name": "Ada Byrne",
        "body": "A fine piece.", "body_html": "<p>A fine piece.</p>", "status": "published",
        "created_at": MORNING + timedelta(minutes=int(str(changes.pop("minute", 0)))),
    }  # fmt: skip
    return kind.model_validate(fields | changes)


class Announcements:
    """All records of `pages.v1` since the start of this reader."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.seen: list[DocumentChanged] = []

    async def until(self, *dependencies: str) -> dict[str, DocumentChanged]:
        """Wait for an announcement of every dependency; returns the newest of each."""
        async with asyncio.timeout(PATIENCE_S):
            while missing := set(dependencies) - {event.dependency for event in self.seen}:
                found = await self._consumer.getmany(timeout_ms=100)
                self._add([record for records in found.values() for record in records])
                assert missing
        return {event.dependency: event for event in self.seen if event.dependency in dependencies}

    def _add(self, records: Sequence[Any]) -> None:
        self.seen += [event for record in records if isinstance(event := decode(as_record(record)), DocumentChanged)]


@asynccontextmanager
async def open_announcements(kafka: str) -> AsyncIterator[Announcements]:
    """Read `pages.v1` from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        partition = TopicPartition("pages.v1", 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        consumer.seek(partition, end)
        yield Announcements(consumer)
    finally:
        await consumer.stop()


@asynccontextmanager
async def open_projector(
    settings: RenderingSettings, database: str, group: str | None = None
) -> AsyncIterator[web.Application]:
    """A running projector that reads the whole log, in a new group unless one is given."""
    app = create_projector(settings, database=database, group=group or f"projector-{uuid4().hex[:8]}")
    server = TestServer(app)
    await server.start_server()
    try:
        yield app
    finally:
        await server.close()
