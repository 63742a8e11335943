"""The latency of searches among 100,000 articles, with unfinished words, and the rate of indexing from the log."""

import asyncio
import itertools
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

import aiohttp

from shared.events import ArticlePublished, encode
from shared.kafka.producer import Producer
from tests.bench.engines import running_engines
from tests.bench.load import ROOT
from tests.bench.measure import Measure
from tests.bench.views import bare_server
from tests.support.polling import eventually
from tests.support.ports import free_port

ARTICLES = 100_000
WORDS = 200
VOCABULARY = 30_000
QUESTIONS = 4_000
READERS = 2
P99_MS = 15.0
SENT_AT_ONCE = 500
INDEXED_WITHIN_S = 300.0


def vocabulary(seed: int = 1) -> list[str]:
    """Words of two to five syllables, so that many begin alike, as real words do; frequent ones first."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    chance = random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made["".join(chance.choices(syllables, k=chance.randint(2, 5))) + chance.choice(("", "n", "s"))] = None
    return list(made)


def running_text(words: Sequence[str], seed: int = 2) -> Iterator[str]:
    """Words with the frequencies of a language: the n-th word is n times rarer than the first (Zipf)."""
    chance = random.Random(seed)
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(words))))
    while True:
        yield from chance.choices(words, cum_weights=weights, k=100_000)


def articles(words: Sequence[str]) -> Iterator[ArticlePublished]:
    """Articles of a headline and a text, a minute apart."""
    text = running_text(words)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(ARTICLES):
        moment = start + timedelta(minutes=number)
        yield ArticlePublished.model_construct(
            id=f"article{number:06}", version=1, status="published", slug=f"a{number}", url=f"/world/a{number}",
            headline=" ".join(itertools.islice(text, 8)).capitalize(), section="world",
            body_html=f"<p>{' '.join(itertools.islice(text, WORDS))}.</p>", created_at=moment, updated_at=moment,
            published_at=moment,
        )  # fmt: skip


def questions(words: Sequence[str], count: int) -> list[str]:
    """Two complete words, or one and the beginning of another, by turns; frequent words come more often."""
    chance = random.Random(3)
    text = running_text(words, seed=4)
    asked = []
    for number in range(count):
        first, second = next(text), next(text)
        asked.append(f"{first} {second} " if number % 2 else f"{first} {second[: chance.randint(2, 5)]}")
    return asked


@asynccontextmanager
async def running_search(environment: Mapping[str, str]) -> AsyncIterator[int]:
    """One search process over the log, with an empty index."""
    port = free_port()
    with TemporaryDirectory() as folder:
        variables = {**environment, "WM_SERVICE_PORT": str(port), "WM_SEARCH_INDEX": folder, "WM_LOG_LEVEL": "ERROR"}
        process = subprocess.Popen([sys.executable, "-m", "services.search"], cwd=ROOT, env=variables)
        try:
            yield port
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 20)


async def fill_log(kafka: str, words: Sequence[str]) -> None:
    """Write the articles to articles.v1."""
    producer = Producer(kafka, idempotence=False, batch_bytes=512 * 1024)
    made = articles(words)
    while batch := list(itertools.islice(made, SENT_AT_ONCE)):
        await producer.send(*map(encode, batch))
    await producer.stop()


async def indexed_per_s(port: int) -> float:
    """The rate from the first indexed article to the last searchable one, with reading the log."""
    async with aiohttp.ClientSession() as http:

        async def progress() -> tuple[float, bool]:
            async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                lines = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if line[0] != "#")
            return float(lines["wm_search_indexed_total"]), float(lines["wm_search_documents"]) >= ARTICLES

        async def has_begun() -> bool:
            return (await progress())[0] > 0

        async def is_complete() -> bool:
            return (await progress())[1]

        await eventually(has_begun, within_s=60, every_s=0.02, what="the first articles are indexed")
        first, started = (await progress())[0], time.perf_counter()
        await eventually(is_complete, within_s=INDEXED_WITHIN_S, every_s=0.1, what="all articles can be found")
        return (ARTICLES - first) / (time.perf_counter() - started)


async def latencies_ms(port: int, paths: Sequence[str]) -> list[float]:
    """The sorted times of the answers. READERS send requests in parallel, each one after its last answer."""
    taken: list[float] = []
    left = iter(paths)

    async def read(http: aiohttp.ClientSession) -> None:
        for path in left:
            started = time.perf_counter()
            async with http.get(f"http://127.0.0.1:{port}{path}") as answer:
                await answer.read()
                assert answer.status == 200, path
            taken.append((time.perf_counter() - started) * 1000)

    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(read(http) for _ in range(READERS)))
    return sorted(taken)


async def measure_search() -> Measure:
    """The 99th percentile over HTTP, against a bare handler's with the same bytes; the bar is P99_MS."""
    words = vocabulary()
    with running_engines() as environment:
        await fill_log(environment["WM_KAFKA"], words)
        async with running_search(environment) as port:
            rate = await indexed_per_s(port)
            asked = [f"/v1/search?limit=10&q={q.replace(' ', '+')}" for q in questions(words, QUESTIONS)]
            await latencies_ms(port, asked[:200])
            taken = await latencies_ms(port, asked)
            async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{asked[0]}") as answer:
                body = await answer.read()
    async with bare_server(body) as bare:
        reference = _quantile(await latencies_ms(bare, ["/bare"] * QUESTIONS), 0.99)
    p50, p99 = _quantile(taken, 0.5), _quantile(taken, 0.99)
    extra = {"p50": p50, "p99": p99, "indexed_per_s": rate}
    return Measure("search", p99, reference, unit="ms p99", bar=P99_MS / reference, sense="at_most", extra=extra)


def _quantile(taken: Sequence[float], part: float) -> float:
    return taken[int(len(taken) * part)]


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"search": measure_search}
