"""A desk with a real comments service and a real ingestion behind it, all in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from aiohttp.test_utils import TestClient, TestServer

from services.comments.app import create_app
from services.comments.model.keys import STORE
from services.comments.settings import CommentsSettings
from services.ingestion.people.roles import ROLES
from services.ingestion.settings import IngestionSettings
from shared.kafka.producer import Producer
from tests.support.comments import CommentsService, read_comments_topic
from tests.support.desk import DeskClient, open_desk
from tests.support.ingestion import running_ingestion
from tests.support.polling import eventually


@dataclass(frozen=True)
class CommentDesk:
    """The desk with nobody signed in, and the comments that it shows."""

    desk: DeskClient
    comments: CommentsService

    async def waiting(self, *bodies: str, **changes: object) -> list[dict[str, object]]:
        """Comments on a new article that wait for a moderator, in the order of the queue. `changes` are of each."""
        await self.comments.set_mode("pre")
        article = await self.comments.publish_article()
        return [await self.comments.post(article.id, body=body, **changes) for body in bodies]


@asynccontextmanager
async def running_comment_desk(settings: CommentsSettings, folder: Path) -> AsyncIterator[CommentDesk]:
    """Run them for the length of a block."""
    database = f"test_{uuid4().hex[:12]}"
    ingestion_settings = IngestionSettings(
        kafka=settings.kafka,
        mongo=settings.mongo,
        kafka_idempotence=settings.kafka_idempotence,
        ingestion_database=f"{database}_ingestion",
    )
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    async with read_comments_topic(settings.kafka) as topic, running_ingestion(ingestion_settings, folder) as ingestion:
        given = settings.model_copy(update={"ingestion": str(ingestion.client.make_url("")).rstrip("/")})
        app = create_app(given, database=database, group=f"comments-{uuid4().hex[:8]}")
        tokens: dict[str, str] = {role: (await ingestion.as_role(role)).token for role in ROLES}
        async with TestClient(TestServer(app)) as client:

            async def is_ready() -> bool:
                return (await client.get("/health/ready")).status == 200

            await eventually(is_ready, what="comments is ready")
            service = CommentsService(client, producer, topic, tokens, app[STORE], ingestion.store)
            async with open_desk(ingestion, comments=str(client.make_url("")).rstrip("/")) as desk:
                yield CommentDesk(desk, service)
    await producer.stop()
