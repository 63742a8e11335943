"""Load at the edge: readers, an editor, commenters and viewers. Acknowledged writes are recorded."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import aiohttp

from tests.support.ledger import find_breaches, read_history
from tests.support.polling import eventually
from tests.support.running import ROOT

_READERS = 6
_PAUSE_S = 0.06
_TRIES = 12

SERVICES_READ = ("rendering", "popularity", "comments", "ingestion", "search")
"""The services that answer GETs at the edge."""


@dataclass
class Tally:
    """Requests and failures of one step."""

    reads: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    writes_unsure: int = 0


@dataclass
class Acknowledged:
    """Writes that were acknowledged since the platform started."""

    articles: dict[str, str] = field(default_factory=dict)
    """Published articles' addresses by id."""
    comments: int = 0
    comments_unsure: int = 0


class Public:
    """All clients, with one ledger for the whole run."""

    def __init__(self, edge: str, token: str, ledger: Path) -> None:
        self.edge = edge
        self.ledger = ledger
        self.acknowledged = Acknowledged()
        self.tally = Tally()
        self.viewed: list[str] = []
        self._visible: list[str] = []
        """URLs of pages that were visible once."""
        self.editor = {"Authorization": f"Bearer {token}"}
        self._numbers = count(1)
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=6))

    async def publish(self, headline: str, body: str = "A body.") -> str:
        """Write and publish an article, with retries as an editor's tool has. Returns its id, empty when the outcome is unknown."""
        draft = await self._write(
            "/v1/articles", {"headline": headline, "section": "world", "body_markdown": body}, self.editor
        )
        if draft is None:
            return ""
        headers = {**self.editor, "If-Match": f'"{draft["version"]}"'}
        published = await self._write(f"/v1/articles/{draft['id']}/publish", {}, headers)
        if published is None:
            return ""
        self.acknowledged.articles[str(published["id"])] = str(published["url"])
        return str(published["id"])

    async def comment(self, article: str) -> None:
        """Post a reader's comment."""
        body = {"name": "Ada", "email": "ada@example.org", "body": f"Number {next(self._numbers)}."}
        if await self._write(f"/v1/articles/{article}/comments", body, {}) is None:
            self.acknowledged.comments_unsure += 1
        else:
            self.acknowledged.comments += 1

    async def _write(self, path: str, body: object, headers: Mapping[str, str]) -> Mapping[str, object] | None:
        keyed = {**headers, "Idempotency-Key": str(uuid4())}
        for attempt in range(_TRIES):
            try:
                async with self.http.post(self.edge + path, json=body, headers=keyed) as answer:
                    if answer.status < 300:
                        self.tally.writes += 1
                        found: Mapping[str, object] = await answer.json()
                        return found
                    if answer.status < 500 and answer.status not in (409, 412, 429):
                        raise AssertionError(f"{path}: {answer.status} {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(min(0.2 * 2**attempt, 2))
        self.tally.writes_unsure += 1
        return None

    async def _read(self, number: int) -> None:
        for turn in count(number):
            # Alternate between an article that was visible before and each service in turn.
            if turn % 2 and self._visible:
                await self._get(self._visible[-1 - turn // 2 % min(len(self._visible), 40)])
            else:
                await self.ask(SERVICES_READ[turn // 2 % len(SERVICES_READ)])
            await asyncio.sleep(_PAUSE_S)

    async def ask(self, service: str) -> None:
        """Send a read that this service answers, bypassing the edge's cache."""
        viewed = f"/v1/articles/{self.viewed[0]}"
        paths = {
            "rendering": "/world",
            "comments": f"{viewed}/comments",
            "popularity": "/v1/popular?window=24h",
            "search": "/v1/search?q=viewed",
            "ingestion": viewed,
        }
        await self._get(paths[service], self.editor if service == "ingestion" else {"Cookie": "seen=1"})

    async def _get(self, path: str, headers: Mapping[str, str] | None = None) -> None:
        self.tally.reads += 1
        try:
            async with self.http.get(self.edge + path, headers=headers) as answer:
                body = await answer.text()
                if answer.status != 200:
                    self.tally.failed[f"{answer.status} {path} {body[-200:]}"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            self.tally.failed[f"{type(error).__name__} {path}"] += 1

    async def _edit(self) -> None:
        while True:
            published = await self.publish(f"Bulletin {next(self._numbers)}")
            await asyncio.sleep(0.5)
            if published and await self._is_seen(self.acknowledged.articles[published]):
                self._visible.append(self.acknowledged.articles[published])
            await self.comment(self.viewed[0])
            await asyncio.sleep(0.5)

    async def _is_seen(self, url: str) -> bool:
        try:
            async with self.http.get(self.edge + url) as page:
                return page.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    @asynccontextmanager
    async def load(self) -> AsyncIterator[Tally]:
        """Load for the length of a block."""
        self.tally = Tally()
        command = [sys.executable, "-m", "tests.support.ledger", "--edge", self.edge, "--ledger", str(self.ledger)]
        viewers = subprocess.Popen([*command, "--rate", "60", "--seconds", "3600", *self.viewed], cwd=ROOT)
        tasks = [asyncio.create_task(self._read(number)) for number in range(_READERS)]
        editor = asyncio.create_task(self._edit())
        try:
            yield self.tally
            assert viewers.poll() is None, "the viewers' process has ended"
            assert not editor.done(), editor.exception()
        finally:
            viewers.terminate()
            await asyncio.to_thread(viewers.wait, 10)
            for task in (*tasks, editor):
                task.cancel()
            await asyncio.wait((*tasks, editor))

    async def losses(self) -> tuple[int, int, int]:
        """Acknowledged writes lost, views lost, views doubled, when all are 0 or after half a minute."""
        found = (-1, -1, -1)

        async def nothing_lost() -> bool:
            nonlocal found
            found = (await self._writes_lost(), *await self._views_off())
            return found == (0, 0, 0)

        try:
            await eventually(nothing_lost, within_s=30, every_s=0.5)
            await asyncio.sleep(1.5)  # doubled views appear late
            await nothing_lost()
        except AssertionError:
            pass
        return found

    async def _writes_lost(self) -> int:
        lost = 0
        for url in self.acknowledged.articles.values():
            async with self.http.get(self.edge + url) as page:
                lost += page.status != 200
        async with self.http.get(f"{self.edge}/v1/articles/{self.viewed[0]}/comments?limit=1") as answer:
            total = int((await answer.json())["total"])
        return lost + max(0, self.acknowledged.comments - total)

    async def _views_off(self) -> tuple[int, int]:
        if not self.ledger.exists():
            return 0, 0
        history = read_history(self.ledger)
        counted = {article: await self._views(article) for article in self.viewed}
        if not find_breaches(history, counted):
            return 0, 0
        low = history.acknowledged
        lost = sum(max(0, low[article] - counted[article]) for article in self.viewed)
        doubled = sum(max(0, counted[article] - low[article] - history.unknown[article]) for article in self.viewed)
        return lost, doubled

    async def _views(self, article: str) -> int:
        async with self.http.get(f"{self.edge}/v1/articles/{article}/views") as answer:
            return int((await answer.json())["views"]["all"])
