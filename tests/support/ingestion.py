"""A running ingestion service and a client with one token, for contract tests."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.ingestion.app import STORE, create_app
from services.ingestion.people.passwords import Passwords
from services.ingestion.people.roles import Role
from services.ingestion.people.tokens import TokenOwner, make_token
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.events import ArticleState, decode
from shared.ids import new_id
from shared.kafka.client import as_record
from shared.times import Clock, now
from shared.topics import ARTICLES
from tests.support.polling import eventually

Json = Mapping[str, object]
# A hash of the usual 46 MiB costs 60 ms of a core, and the tests of people make hundreds.
CHEAP_KIB = 64
DRAFT: Json = {"headline": "Ferry fares to rise", "section": "world", "body_markdown": "They rise in *March*."}


def pointers(problem: Json) -> list[str]:
    """The pointers of a problem's errors."""
    errors = problem["errors"]
    assert isinstance(errors, list)
    return [error["pointer"] for error in errors]


@dataclass(frozen=True)
class IngestionClient:
    """A client of a running service, with one token."""

    client: TestClient[web.Request, web.Application]
    store: Store
    kafka: str
    token: str

    async def call(
        self, method: str, path: str, body: object = None, *, match: object = None, **headers: str
    ) -> ClientResponse:
        """A request with the token; `match` is the version for If-Match."""
        sent = {
            "Authorization": f"Bearer {self.token}",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        if match is not None:
            sent["If-Match"] = f'"{match}"'
        return await self.client.request(method, path, json=body, headers=sent)

    async def ask(
        self, method: str, path: str, body: object = None, *, wanted: int = 200, match: object = None, **headers: str
    ) -> Json:
        """As `call`; returns the JSON of an answer, which must have the status `wanted`."""
        answer = await self.call(method, path, body, match=match, **headers)
        assert answer.status == wanted, f"{method} {path}: {answer.status} {await answer.text()}"
        found: Json = await answer.json()
        return found

    async def create(self, **fields: object) -> Json:
        """Create a draft."""
        return await self.ask("POST", "/v1/articles", {**DRAFT, **fields}, wanted=201)

    async def act(self, article: Json, action: str, body: object = None, *, wanted: int = 200) -> Json:
        """Publish, correct or withdraw this version of the article."""
        path = f"/v1/articles/{article['id']}/{action}"
        return await self.ask("POST", path, {} if body is None else body, match=article["version"], wanted=wanted)

    async def edit(self, article: Json, *, wanted: int = 200, **fields: object) -> Json:
        """Replace the working copy of this version."""
        path = f"/v1/articles/{article['id']}"
        return await self.ask("PUT", path, {**DRAFT, **fields}, match=article["version"], wanted=wanted)

    async def as_role(self, role: Role) -> "IngestionClient":
        """A client of the same service with a new token of this role."""
        token = make_token()
        await self.store.tokens.add(token, TokenOwner(new_id(), f"the {role}", role), now())
        return replace(self, token=token)

    async def events(self, article: Json, least: int) -> list[ArticleState]:
        """The article's events in the log, in order, once there are `least`.

        Drops `version <= seen`, as every consumer does: the relay may send an event twice.
        """
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        found: list[ArticleState] = []
        await consumer.start()
        try:
            consumer.assign([TopicPartition(ARTICLES.name, number) for number in range(ARTICLES.partitions)])
            await consumer.seek_to_beginning()

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        event = decode(as_record(record)) if record.key == str(article["id"]).encode() else None
                        if isinstance(event, ArticleState) and (not found or event.version > found[-1].version):
                            found.append(event)
                return len(found) >= least

            await eventually(enough, what=lambda: found)
        finally:
            await consumer.stop()
        return found


@asynccontextmanager
async def running_ingestion(
    settings: IngestionSettings, folder: Path, clock: Clock = now
) -> AsyncIterator[IngestionClient]:
    """Start the service with an admin's token in a file. `clock` is the time for people and sessions."""
    token = make_token()
    (folder / "admin.token").write_text(f"{token}\n")
    given = settings.model_copy(update={"admin_token_file": folder / "admin.token"})
    app = create_app(given, clock=clock, passwords=Passwords(memory_kib=CHEAP_KIB))
    async with TestClient(TestServer(app)) as client:
        yield IngestionClient(client, app[STORE], settings.kafka, token)
