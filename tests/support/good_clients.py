"""Readers, commenters, viewers and an editor who work while something goes wrong: their latencies, failures and writes."""

import asyncio
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import aiohttp

READERS = 4
COMMENTERS = 2
_TIMEOUT = aiohttp.ClientTimeout(total=20)


@dataclass
class Measured:
    """Seconds of each call by kind of client and by route, and the failed calls."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    of_routes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, route: str, seconds: float) -> None:
        """Note the time of a call."""
        self.seconds[kind].append(seconds)
        self.of_routes[route].append(seconds)


def p99_ms(seconds: Sequence[float]) -> float:
    """The 99th percentile in milliseconds; the largest value of few."""
    values = sorted(seconds)
    return 1000 * values[min(len(values) - 1, int(len(values) * 0.99))]


def p50_ms(seconds: Sequence[float]) -> float:
    """The median in milliseconds."""
    return 1000 * statistics.median(seconds)


@dataclass
class GoodClients:
    """Clients at addresses of their own, `127.0.2.*`. `measured` is replaced to begin a new measurement."""

    edge: str
    editor: Mapping[str, str]
    article: Mapping[str, object]
    measured: Measured = field(default_factory=Measured)
    comments: list[str] = field(default_factory=list)
    """Texts of acknowledged comments on `article`."""
    views: int = 0
    """Acknowledged views of `article`."""
    published: list[str] = field(default_factory=list)
    """Addresses of published articles."""

    async def call(
        self, kind: str, http: aiohttp.ClientSession, method: str, path: str, wanted: int = 200, **request: object
    ) -> Mapping[str, object] | None:
        """One call, measured. Returns the JSON of an answer with the status `wanted`, else None."""
        started = time.monotonic()
        try:
            async with http.request(method, self.edge + path, **request) as answer:  # type: ignore[arg-type]
                body = await answer.read()
                found = await answer.json() if answer.content_type == "application/json" else {}
                if answer.status != wanted:
                    self.measured.failures[f"{kind}: {method} {path.split('?')[0]}: {answer.status} {body[:80]!r}"] += 1
                    return None
        except (aiohttp.ClientError, TimeoutError) as error:
            self.measured.failures[f"{kind}: {method} {path.split('?')[0]}: {error!r}"] += 1
            return None
        finally:
            self.measured.note(kind, f"{method} {self._route(path)}", time.monotonic() - started)
        return dict(found) if isinstance(found, dict) else {}

    def _route(self, path: str) -> str:
        """The path with names in place of what differs from call to call."""
        path = (
            path.partition("?")[0]
            .replace(str(self.article["url"]), "{article}")
            .replace(str(self.article["id"]), "{id}")
        )
        return re.sub(r"/01[0-9a-z]{24}", "/{id}", path)

    async def read(self, http: aiohttp.ClientSession) -> None:
        """A reader's next pages: front page, article with a view, comments, ranking, search."""
        await self.call("reader", http, "GET", "/")
        await self.call("reader", http, "GET", str(self.article["url"]))
        view = {"article_id": self.article["id"]}
        if await self.call("reader", http, "POST", "/v1/views", 202, json=view) is not None:
            self.views += 1
        await self.call("reader", http, "GET", f"/v1/articles/{self.article['id']}/comments?limit=20")
        await self.call("reader", http, "GET", "/v1/popular")
        await self.call("reader", http, "GET", "/v1/search?q=ferry")
        await asyncio.sleep(0.5)

    async def comment(self, http: aiohttp.ClientSession) -> None:
        """A comment, then a rest within the visitor's limit."""
        sent = {"name": "Ada", "email": "ada@example.org", "body": f"I agree, {uuid4().hex}."}
        path = f"/v1/articles/{self.article['id']}/comments"
        if await self.call("commenter", http, "POST", path, 201, json=sent) is not None:
            self.comments.append(sent["body"])
        await asyncio.sleep(2.5)

    async def edit(self, http: aiohttp.ClientSession, number: int) -> None:
        """A new article, saved twice and published."""
        fields = {
            "headline": f"Ferry {number} leaves {uuid4().hex[:6]}",
            "section": "world",
            "body_markdown": "It left.",
        }
        found = await self.call("editor", http, "POST", "/v1/articles", 201, json=fields)
        for method, verb, body in (
            ("PUT", "", {**fields, "body_markdown": "It left early."}),
            ("POST", "/publish", {}),
        ):
            if found is None:
                return
            headers = {"If-Match": f'"{found["version"]}"'}
            found = await self.call(
                "editor", http, method, f"/v1/articles/{found['id']}{verb}", json=body, headers=headers
            )
        if found is not None:
            self.published.append(str(found["url"]))
        await asyncio.sleep(1)


@asynccontextmanager
async def working(clients: GoodClients) -> AsyncIterator[None]:
    """The clients work for the length of the block, and finish their last call."""
    stopped = asyncio.Event()
    sessions: list[aiohttp.ClientSession] = []

    def session(number: int, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        made = aiohttp.ClientSession(
            timeout=_TIMEOUT, connector=aiohttp.TCPConnector(local_addr=(f"127.0.2.{number}", 0)), headers=headers
        )
        sessions.append(made)
        return made

    async def repeat(work: Callable[[], Awaitable[None]]) -> None:
        while not stopped.is_set():
            await work()

    def worker(number: int) -> Callable[[], Awaitable[None]]:
        http = session(number, {})
        return (lambda: clients.read(http)) if number <= READERS else (lambda: clients.comment(http))

    numbers, editor = count(1), session(READERS + COMMENTERS + 1, clients.editor)
    works = [worker(number) for number in range(1, READERS + COMMENTERS + 1)]
    works.append(lambda: clients.edit(editor, next(numbers)))
    tasks = [asyncio.create_task(repeat(work)) for work in works]
    try:
        yield
        stopped.set()
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for made in sessions:
            await made.close()
