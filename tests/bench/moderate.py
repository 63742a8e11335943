"""Decisions a second about 10,000 waiting comments, against the same documents in one bare transaction a comment.

Beside it: decisions of one comment a second, and the 95th percentiles of a queue's page, of a search and of the counts.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

import aiohttp

from services.comments.model.records import Comment, Contact, author_of
from services.comments.model.store import Store
from services.comments.model.text import to_html
from services.ingestion.people.tokens import TokenOwner, make_token
from services.ingestion.store import Store as IngestionStore
from shared.ids import made_at, new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import now
from tests.bench.engines import running_engines
from tests.bench.measure import Measure, median_pair
from tests.bench.process import running_process
from tests.support.ports import free_port

WAITING = 10_000
AT_ONCE = 100
# Two moderators; single decisions come from as many clients as a desk has moderators.
BULK_CLIENTS, SINGLE_CLIENTS = 2, 8
ROUNDS = 3
SECONDS = 3.0
READS = 60
BAR = 2.0
_FILLED_AT_ONCE = 250
_TEXT = "A fine piece, and a map that one can read at last. The figures for March surprise me: where do they come from?"


def waiting_comments(number: int, article_id: str = "a") -> tuple[list[Comment], list[Contact]]:
    """Pending comments, each of another author."""
    comments, contacts = [], []
    body = to_html(_TEXT)
    for _ in range(number):
        comment_id = new_id()
        at, email = made_at(comment_id), f"{comment_id}@example.org"
        comments.append(
            Comment(comment_id, 1, article_id, None, comment_id, "Ada Byrne", None, _TEXT, body, "pending", at)
        )
        contacts.append(Contact(comment_id, email, author_of(email), comment_id, at))
    return comments, contacts


async def fill(store: Store, number: int) -> list[str]:
    """Write pending comments straight into the database; returns their ids."""
    await store.prepare()
    ids: list[str] = []
    for first in range(0, number, _FILLED_AT_ONCE):
        comments, contacts = waiting_comments(min(_FILLED_AT_ONCE, number - first))

        async def work(
            session: Session, comments: Sequence[Comment] = comments, contacts: Sequence[Contact] = contacts
        ) -> None:
            await store.comments.add_all(comments, session)
            await store.contacts.add(contacts, session)

        await store.mongo.transaction(work)
        ids += [comment.id for comment in comments]
    return ids


@asynccontextmanager
async def running_moderation() -> AsyncIterator[tuple["Moderators", Store]]:
    """The service with WAITING pending comments, its moderators, and another database of the same MongoDB."""
    ports = {"ingestion": free_port(), "comments": free_port()}
    token = make_token()
    with running_engines() as environment:
        mongo = Mongo(environment["WM_MONGO"])
        store = Store(mongo, starts_as="pre")
        await IngestionStore(mongo, "ingestion").tokens.add(token, TokenOwner(new_id(), "Mo", "moderator"), now())
        ids = await fill(store, WAITING)
        variables = {
            **environment, "WM_INGESTION": f"http://127.0.0.1:{ports['ingestion']}", "WM_RATE_LIMITS": "off",
            "WM_LOG_LEVEL": "ERROR", "WM_SESSION_TIMEOUT_MS": "4000",
        }  # fmt: skip
        async with (
            running_process((sys.executable, "-m", "services.ingestion"), variables, ports["ingestion"]),
            running_process((sys.executable, "-m", "services.comments"), variables, ports["comments"]),
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
        ):
            bare = Store(mongo, starts_as="pre", database="bare")
            yield Moderators(http, f"http://127.0.0.1:{ports['comments']}/v1/comments", ids), bare
        mongo.close()


class Moderators:
    """Clients that read the queue and decide about its comments."""

    def __init__(self, http: aiohttp.ClientSession, address: str, ids: Sequence[str]) -> None:
        self._http = http
        self._address = address
        self._left = iter(ids)
        self._decisions: list[str] = []

    async def p95_ms(self, query: str) -> float:
        """The 95th percentile of the times of READS reads, after two."""
        taken: list[float] = []
        for _ in range(READS + 2):
            started = time.perf_counter()
            async with self._http.get(self._address + query) as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            taken.append((time.perf_counter() - started) * 1000)
        return sorted(taken[2:])[int(READS * 0.95)]

    async def bulk_rate(self) -> float:
        """Comments decided a second, AT_ONCE in a decision."""
        return await self._rate(BULK_CLIENTS, AT_ONCE)

    async def single_rate(self) -> float:
        """Comments decided a second, one in a decision."""
        return await self._rate(SINGLE_CLIENTS, 1)

    async def _rate(self, clients: int, at_once: int) -> float:
        deadline, decided = time.perf_counter() + SECONDS, 0

        async def keep_deciding() -> None:
            nonlocal decided
            while time.perf_counter() < deadline:
                ids = [comment_id for comment_id, _ in zip(self._left, range(at_once), strict=False)]
                sent = {"ids": ids, "action": "approve", "versions": dict.fromkeys(ids, 1)}
                async with self._http.post(f"{self._address}/decisions", json=sent) as answer:
                    made = await answer.json()
                    assert made["changed"] == at_once, made
                decided += at_once

        started = time.perf_counter()
        await asyncio.gather(*(keep_deciding() for _ in range(clients)))
        return decided / (time.perf_counter() - started)


async def bare_rate(store: Store, numbers: Iterator[int]) -> float:
    """Comments a second, each with its documents in a transaction of its own, by BULK_CLIENTS at once."""
    comments, contacts = waiting_comments(400)
    by_id = {contact.id: contact for contact in contacts}

    async def add(session: Session) -> None:
        await store.comments.add_all(comments, session)
        await store.contacts.add(contacts, session)

    await store.mongo.transaction(add)
    left, deadline, decided = iter(comments), time.perf_counter() + SECONDS, 0

    async def keep_deciding() -> None:
        nonlocal decided
        for comment in left:
            after = replace(comment, status="published", version=2)

            async def work(session: Session, after: Comment = after) -> None:
                await store.change(after, "approve", "Mo", session)
                await store.authors.follow(by_id[after.id].author, after.id, "pending", "published", session)
                await store.database["decisions"].insert_one({"_id": next(numbers), "id": after.id}, session=session)

            await store.mongo.transaction(work)
            decided += 1
            if time.perf_counter() > deadline:
                return

    started = time.perf_counter()
    await asyncio.gather(*(keep_deciding() for _ in range(BULK_CLIENTS)))
    return decided / (time.perf_counter() - started)


async def measure_moderate() -> Measure:
    """Decisions a second, in turns with bare transactions."""
    async with running_moderation() as (moderators, bare):
        await bare.prepare()
        numbers = count()
        reads = {
            "page_p95_ms": await moderators.p95_ms("?queue=pending&limit=50"),
            "counts_p95_ms": await moderators.p95_ms("/counts"),
            "search_p95_ms": await moderators.p95_ms("?queue=pending&q=nowhere"),
        }
        pairs = []
        for _ in range(ROUNDS):
            reference = await bare_rate(bare, numbers)
            pairs.append((await moderators.bulk_rate(), reference))
        single = await moderators.single_rate()
    ours, reference = median_pair(pairs)
    return Measure("moderate", ours, reference, unit="decisions/s", bar=BAR, extra={"single": single, **reads})


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"moderate": measure_moderate}
