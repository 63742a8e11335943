"""A running comments service for tests, with a real ingestion, a producer of article events and a reader of `comments.v1`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.comments.app import create_app
from services.comments.model.keys import STORE
from services.comments.model.store import Store
from services.comments.settings import CommentsSettings
from services.ingestion.app import STORE as INGESTION_STORE
from services.ingestion.app import create_app as create_ingestion
from services.ingestion.people.records import DeskSession, Person
from services.ingestion.people.roles import ROLES, Role
from services.ingestion.people.session_store import make_session_token
from services.ingestion.people.tokens import TokenOwner, make_token
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store as IngestionStore
from shared.events import ArticlePublished, ArticleState, Record, encode
from shared.ids import new_id
from shared.kafka.client import as_record
from shared.kafka.producer import Producer
from shared.settings import Settings
from shared.times import now
from shared.topics import ARTICLES, COMMENTS
from tests.support.kafka import new_group_at_end
from tests.support.polling import PATIENCE_S, eventually

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
Client = TestClient[web.Request, web.Application]
COMMENT_FIELDS = {
    "id", "article_id", "parent_id", "name", "website", "body", "body_html", "status", "created_at", "version",
    "edited_at", "votes", "picked",
}  # fmt: skip

# Fields of the answer to a new comment.
POSTED_FIELDS = COMMENT_FIELDS | {"edit_token", "edit_until", "message"}
_numbers = count(1)


def written(**changes: object) -> dict[str, Any]:
    """A valid comment as a reader sends it, with a text of its own. None leaves a field out."""
    body = f"A fine piece, for the reason {next(_numbers)}."
    fields = {"name": "Ada Byrne", "email": "ada@example.org", "body": body} | changes
    return {name: value for name, value in fields.items() if value is not None}


def id_of(moment: datetime) -> str:
    """An id of that time."""
    milliseconds = int(moment.timestamp() * 1000)
    return "".join(_ALPHABET[(milliseconds >> shift) & 31] for shift in range(45, -1, -5)) + new_id()[10:]


def an_article(kind: type[ArticleState] = ArticlePublished, **changes: object) -> ArticleState:
    """An article event as ingestion sends it."""
    article_id = str(changes.get("id", new_id()))
    moment = now()
    fields: dict[str, object] = {
        "id": article_id, "version": 1, "status": "published", "slug": article_id, "url": f"/world/{article_id}",
        "headline": "The lake came back", "section": "world", "created_at": moment, "updated_at": moment,
        "published_at": moment,
    }  # fmt: skip
    return kind.model_validate(fields | changes)


class CommentsTopic:
    """A reader of `comments.v1`."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.records: list[Record] = []

    async def until(self, key: str, count: int = 1) -> list[Record]:
        """The records of a key, once there are `count`."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.of(key)) < count:
                found = await self._consumer.getmany(timeout_ms=200)
                self.records += [as_record(record) for records in found.values() for record in records]
        return self.of(key)

    def of(self, key: str) -> list[Record]:
        """The records of a key so far."""
        return [record for record in self.records if record.key == key.encode()]


@dataclass
class CommentsService:
    """The running service, and clients of everything around it."""

    client: Client
    producer: Producer
    topic: CommentsTopic
    tokens: Mapping[str, str]
    """A bearer token by role."""
    store: Store
    ingestion: IngestionStore
    """The stores of ingestion, which owns tokens and sessions."""

    async def sign_in(self, role: Role) -> tuple[str, Person]:
        """A signed-in person of a role: the session's token, and the person."""
        at, token = now(), make_session_token()
        person = Person(id=new_id(), name=f"the {role}", email=f"{new_id()}@paper.example", role=role, created_at=at)
        await self.ingestion.people.add(person)
        await self.ingestion.sessions.add(token, DeskSession(new_id(), person.id, at, at, 1, "unknown", ""))
        return token, person

    def bearer(self, role: str = "moderator") -> dict[str, str]:
        """The Authorization header of a role."""
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    async def send_events(self, *events: ArticleState) -> None:
        """Send article events to `articles.v1`."""
        await self.producer.send(*(encode(event) for event in events))

    async def publish_article(self, **changes: object) -> ArticleState:
        """Send the event of a new article, and wait until the service has read it: a request waits 1.5 s, a busy machine longer."""
        article = an_article(ArticlePublished, **changes)
        await self.send_events(article)

        async def is_known() -> bool:
            return await self.store.articles.find(article.id) is not None

        await eventually(is_known, what="the service has read the article")
        return article

    async def post(self, article_id: str, **changes: object) -> dict[str, Any]:
        """Post a valid comment; returns the answer."""
        response = await self.client.post(f"/v1/articles/{article_id}/comments", json=written(**changes))
        answer: dict[str, Any] = await response.json()
        assert response.status == 201, answer
        return answer

    async def discussion(self, article_id: str, query: str = "") -> dict[str, Any]:
        """An article's discussion as readers get it."""
        response = await self.client.get(f"/v1/articles/{article_id}/comments{query}")
        answer: dict[str, Any] = await response.json()
        assert response.status == 200, answer
        return answer

    async def decide(self, comment_id: str, action: str, role: str = "moderator", **headers: str) -> ClientResponse:
        """Send a moderator's decision."""
        sent = {**self.bearer(role), **headers}
        return await self.client.post(f"/v1/comments/{comment_id}/{action}", headers=sent)

    async def set_mode(self, mode: str) -> None:
        """Set the mode of moderation. Tests share authors, so their records hold nothing."""
        sent = {"mode": mode, "hold_rejection_rate": None}
        response = await self.client.put("/v1/comments/settings", json=sent, headers=self.bearer("admin"))
        assert response.status == 200, await response.text()

    async def next_event(self, comment_id: str) -> Record:
        """The first event of a comment."""
        return (await self.topic.until(comment_id))[0]


@asynccontextmanager
async def running_comments(
    settings: CommentsSettings, database: str, *, ingestion: str = "{real}"
) -> AsyncIterator[CommentsService]:
    """Run the service for the length of a block. `ingestion` becomes `WM_INGESTION`, with `{real}` replaced by the real address."""
    producer = Producer(settings.kafka, idempotence=settings.kafka_idempotence)
    async with (
        read_comments_topic(settings.kafka) as topic,
        running_ingestion(settings, database) as (url, tokens, stores),
    ):
        settings = settings.model_copy(update={"ingestion": ingestion.format(real=url)})
        group = await new_group_at_end(settings.kafka, "comments", ARTICLES)
        app = create_app(settings, database=database, group=group)
        async with TestClient(TestServer(app)) as client:
            await _until_ready(client)
            yield CommentsService(client, producer, topic, tokens, app[STORE], stores)
    await producer.stop()


@asynccontextmanager
async def running_ingestion(
    settings: Settings, database: str
) -> AsyncIterator[tuple[str, Mapping[str, str], IngestionStore]]:
    """A real ingestion, which owns tokens and sessions; yields its address, a token of each role, and its stores."""
    ingestion_settings = IngestionSettings(
        kafka=settings.kafka,
        mongo=settings.mongo,
        kafka_idempotence=settings.kafka_idempotence,
        ingestion_database=f"{database}_ingestion",
    )
    app = create_ingestion(ingestion_settings)
    tokens: dict[str, str] = {}
    async with TestServer(app) as server:
        for role in ROLES:
            tokens[role] = token = make_token()
            await app[INGESTION_STORE].tokens.add(token, TokenOwner(new_id(), f"the {role}", role), now())
        yield str(server.make_url("")).rstrip("/"), tokens, app[INGESTION_STORE]


@asynccontextmanager
async def read_comments_topic(kafka: str, *, whole: bool = False) -> AsyncIterator[CommentsTopic]:
    """Read `comments.v1` from its present end, or the whole of it."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(COMMENTS.name, number) for number in range(COMMENTS.partitions)]
    consumer.assign(partitions)
    starts = await consumer.beginning_offsets(partitions) if whole else await consumer.end_offsets(partitions)
    for partition, offset in starts.items():
        consumer.seek(partition, offset)
    try:
        yield CommentsTopic(consumer)
    finally:
        await consumer.stop()


async def _until_ready(client: Client) -> None:
    """Wait until the service is ready and at the end of the log."""

    async def ready() -> bool:
        answer = await client.get("/health/ready")
        return answer.status == 200 and (await answer.json())["lag"] == 0

    await eventually(ready, what="the service is ready and has read the log")
