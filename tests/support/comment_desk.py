"""A desk with a real comments service and a real ingestion behind it, all in this process."""

from collections.abc import AsyncIterator, Sequence
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
from shared.events import ArticleState
from shared.kafka.producer import Producer
from shared.topics import ARTICLES
from tests.support.comments import CommentsService, read_comments_topic, written
from tests.support.desk import DeskClient, open_desk
from tests.support.ingestion import running_ingestion
from tests.support.kafka import new_group_at_end
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

    async def states(self, ids: Sequence[str]) -> list[object]:
        """The statuses of comments."""
        headers = self.comments.bearer("admin")
        found = []
        for comment_id in ids:
            async with self.comments.client.get(f"/v1/comments/{comment_id}", headers=headers) as answer:
                found.append((await answer.json()).get("status"))
        return found

    async def change_settings(self, **changes: object) -> None:
        """Change settings of all discussions."""
        headers = self.comments.bearer("admin")
        async with self.comments.client.put("/v1/comments/settings", json=changes, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    async def post_until(self, status: int, *, article: ArticleState | None = None, **changes: object) -> str:
        """Post comments until the answer has this status: bans and settings take up to two seconds. Returns its text.

        Without an article, a new one is published for them.
        """
        found = ""
        article = article or await self.comments.publish_article()

        async def is_answered() -> bool:
            nonlocal found
            path = f"/v1/articles/{article.id}/comments"
            async with self.comments.client.post(path, json=written(**changes)) as answer:
                found = await answer.text()
                return answer.status == status

        await eventually(is_answered, what=lambda: found)
        return found


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
        group = await new_group_at_end(given.kafka, "comments", ARTICLES)
        app = create_app(given, database=database, group=group)
        tokens: dict[str, str] = {role: (await ingestion.as_role(role)).token for role in ROLES}
        async with TestClient(TestServer(app)) as client:

            async def is_ready() -> bool:
                return (await client.get("/health/ready")).status == 200

            await eventually(is_ready, what="comments is ready")
            service = CommentsService(client, producer, topic, tokens, app[STORE], ingestion.store)
            async with open_desk(ingestion, comments=str(client.make_url("")).rstrip("/")) as desk:
                yield CommentDesk(desk, service)
    await producer.stop()
