"""The time of an uncached page, with a thousand and with a hundred thousand articles in the read model."""

import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiohttp

from services.rendering.projector.consumers import UNIT
from services.rendering.readmodel.names import path_name
from services.rendering.readmodel.store import DOCUMENTS
from services.rendering.settings import RenderingSettings
from shared.mongo.client import Mongo
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.bench.process import running_process
from tests.bench.text import body_html
from tests.support.gateway import an_article, open_projector_harness
from tests.support.ports import free_port

FEW = 1_000
MANY = int(os.environ.get("WM_BENCH_ARTICLES", "100000"))
PAGES = 100
TURNS = 4
_BODY = body_html(4)


async def measure_cold_page() -> Measure:
    """The median time of an uncached article with MANY articles, against the median with FEW.

    Each number of articles has its own engines. Freshly started gateways are measured in turns, so that the machine's other
    work affects both. Pages read by `_id` alone: `examined` is the number of documents that MongoDB examines for each
    returned one, in an explained read of ten (a scan would examine thousands).
    """
    with running_engines() as small, running_engines() as large:
        few, many = await _fill(small, FEW), await _fill(large, MANY)
        small_ms: list[float] = []
        large_ms: list[float] = []
        for turn in range(TURNS):
            small_ms += await _measure(small, _some(few, turn))
            large_ms += await _measure(large, _some(many, turn))
        examined = await _examined(_settings(large), many[:10])
    extra = {"articles": float(MANY), "examined": examined, "p95": statistics.quantiles(large_ms, n=20)[18]}
    return Measure(
        "cold_page",
        statistics.median(large_ms),
        statistics.median(small_ms),
        unit="ms",
        bar=1.2,
        sense="at_most",
        extra=extra,
    )


def _settings(environment: Mapping[str, str]) -> RenderingSettings:
    return RenderingSettings(kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False)


def _some(urls: Sequence[str], turn: int) -> Sequence[str]:
    """PAGES of the URLs, evenly spread; different ones in each turn."""
    step = len(urls) // PAGES
    return urls[turn * step // TURNS :: step][:PAGES]


async def _fill(environment: Mapping[str, str], count: int) -> Sequence[str]:
    urls = []
    async with open_projector_harness(_settings(environment), "rendering") as harness:
        harness.projector.announces = False
        for first in range(0, count, UNIT):
            articles = [
                an_article(
                    minute=number, body_html=_BODY, tags=(f"Tag {number % 97}",), bylines=(f"Author {number % 31}",)
                )
                for number in range(first, min(first + UNIT, count))
            ]
            await harness.apply(*articles)
            urls += [article.url for article in articles]
    return urls


async def _measure(environment: Mapping[str, str], urls: Sequence[str]) -> Sequence[float]:
    """The response time of a fresh gateway for each article, in milliseconds."""
    port = free_port()
    command = [sys.executable, "-m", "services.rendering", "gateway"]
    async with running_process(command, environment, port), aiohttp.ClientSession() as http:
        taken = []
        for url in urls:
            started = time.perf_counter()
            async with http.get(f"http://127.0.0.1:{port}{url}") as answer:
                await answer.read()
                assert answer.status == 200, f"{url}: {answer.status}"
            taken.append((time.perf_counter() - started) * 1000)
    return taken


async def _examined(settings: RenderingSettings, urls: Sequence[str]) -> float:
    mongo = Mongo(settings.mongo)
    query = {"find": DOCUMENTS, "filter": {"_id": {"$in": [path_name(url) for url in urls]}}}
    found = await mongo.database("rendering").command("explain", query, verbosity="executionStats")
    mongo.close()
    return float(found["executionStats"]["totalDocsExamined"]) / float(found["executionStats"]["nReturned"])


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"cold_page": measure_cold_page}
