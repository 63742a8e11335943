"""Automatic saves a second at one ingestion process, against its transaction alone at the same MongoDB.

`python -m tests.bench.saves http|bare SECONDS` is the load of either side, in a process of its own; it reads its task from
standard input and prints the rate.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp
import uvloop

from services.ingestion.articles.store import INDEXES
from services.ingestion.people.tokens import make_token
from shared.errors import WorldMonitorError
from shared.mongo.client import Mongo
from shared.mongo.collections import Document, Session, ensure_indexes
from tests.bench.engines import running_engines
from tests.bench.load import ROOT
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.support.ports import free_port

# People who type at the same time, each in an article of about a thousand words.
WRITERS = 8
WORDS = 1_000
SECONDS = 4.0
WARM_UP_S = 1.0


async def measure_autosave() -> Measure:
    """Saves over HTTP against transactions that replace a document of the same size and indexes under its version."""
    port, database, token = free_port(), f"bench_{uuid4().hex[:12]}", make_token()
    with running_engines() as urls, TemporaryDirectory() as folder:
        (Path(folder) / "token").write_text(token)
        own = {"WM_INGESTION_DATABASE": database, "WM_ADMIN_TOKEN_FILE": f"{folder}/token"}
        async with running_process([sys.executable, "-m", "services.ingestion"], {**urls, **own}, port):
            http = {"url": f"http://127.0.0.1:{port}/v1/articles", "token": token}
            bare = {"mongo": urls["WM_MONGO"], "database": f"{database}_bare"}
            ours, reference = await in_turns(lambda: _rate("http", http), lambda: _rate("bare", bare))
    return Measure("autosave", ours, reference, unit="saves/s", bar=0.5)


async def _rate(side: str, task: Mapping[str, str]) -> float:
    """The rate of one side, from a process of its own."""
    command = [sys.executable, "-m", "tests.bench.saves", side, str(SECONDS)]
    found = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, input=json.dumps(task).encode(), capture_output=True, timeout=90, check=False
    )
    if found.returncode:
        raise RuntimeError(found.stderr.decode())
    return float(found.stdout)


def _text(number: int) -> str:
    """A text that grows by a sentence at each save."""
    paragraphs = (" ".join(f"word{(7 * i + i * p) % 997}" for i in range(100)) for p in range(WORDS // 100))
    return "\n\n".join((*paragraphs, f"Sentence {number}."))


async def _save_over_http(task: Mapping[str, str], seconds: float) -> float:
    headers = {"Authorization": f"Bearer {task['token']}"}
    async with aiohttp.ClientSession(headers=headers) as http:

        async def start() -> Callable[[int], Awaitable[None]]:
            article: Document = {"headline": f"Measured {uuid4().hex}", "section": "world", "body_markdown": _text(0)}
            async with http.post(task["url"], json=article) as answer:
                answer.raise_for_status()
                made = await answer.json()
            etag = [answer.headers["ETag"]]

            async def save(number: int) -> None:
                sent = {**article, "body_markdown": _text(number)}
                address = f"{task['url']}/{made['id']}?autosave=true"
                async with http.put(address, json=sent, headers={"If-Match": etag[0]}) as answer:
                    answer.raise_for_status()
                    await answer.read()
                    etag[0] = answer.headers["ETag"]

            return save

        return await _count([await start() for _ in range(WRITERS)], seconds)


async def _save_bare(task: Mapping[str, str], seconds: float) -> float:
    mongo = Mongo(task["mongo"])
    articles = mongo.database(task["database"])["articles"]
    await ensure_indexes(articles, INDEXES)
    numbers = count(time.time_ns())

    async def start(writer: int) -> Callable[[int], Awaitable[None]]:
        # Markdown and HTML, as in an article.
        name = f"{uuid4().hex}-{writer}"
        place = next(numbers)
        await articles.insert_one({"_id": name, "number": place, "version": 0})
        version = [0]

        async def save(number: int) -> None:
            text = _text(number)
            working = {"section": "world", "body_markdown": text, "body_html": text}
            new = {"_id": name, "number": place, "version": version[0] + 1, "status": "draft", "working": working}

            async def work(session: Session) -> None:
                old = {"_id": name, "version": version[0]}
                if not (await articles.replace_one(old, new, session=session)).matched_count:
                    raise WorldMonitorError("another save was faster")

            await mongo.transaction(work)
            version[0] += 1

        return save

    try:
        return await _count([await start(writer) for writer in range(WRITERS)], seconds)
    finally:
        mongo.close()


async def _count(saves: Sequence[Callable[[int], Awaitable[None]]], seconds: float) -> float:
    """Saves a second of all writers together, each with one save at a time, after a warm-up."""
    done = 0
    deadline = time.perf_counter() + WARM_UP_S + seconds

    async def write(save: Callable[[int], Awaitable[None]]) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < deadline:
            number += 1
            await save(number)
            done += 1

    writers = asyncio.gather(*(write(save) for save in saves))
    await asyncio.sleep(WARM_UP_S)
    before, started = done, time.perf_counter()
    await writers
    return (done - before) / (time.perf_counter() - started)


_SIDES: Mapping[str, Callable[[Mapping[str, str], float], Awaitable[float]]] = {
    "http": _save_over_http,
    "bare": _save_bare,
}
MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"autosave": measure_autosave}

if __name__ == "__main__":
    uvloop.install()
    print(asyncio.run(_SIDES[sys.argv[1]](json.load(sys.stdin), float(sys.argv[2]))))  # type: ignore[arg-type]
