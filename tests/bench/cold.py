"""What a page costs that no cache has, with a thousand articles behind it and with a hundred thousand."""

import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiohttp

from services.rendering.consumers import UNIT
from services.rendering.names import path_name
from services.rendering.settings import RenderingSettings
from services.rendering.store import DOCUMENTS
from shared.mongo import Mongo
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.bench.process import running_process
from tests.contract.gateway_house import House, an_article, open_house
from tests.running import free_port

FEW = 1_000
MANY = int(os.environ.get("WM_BENCH_ARTICLES", "100000"))
PAGES = 200
_AT_ONCE = UNIT
_BODY = "".join(f"<p>{' '.join(f'word{(7 * i + i * p) % 997}' for i in range(90))}.</p>" for p in range(4))


async def measure_cold_page() -> Measure:
    """An article nobody has asked for yet, from an empty cache: the median with MANY articles against that with FEW.

    Both are asked of gateways that were just started. Pages read by `_id` alone; `examined` is what the engine, asked to
    explain such a read of ten documents, looked at for each that it returned (a scan would be thousands).
    """
    with running_engines() as environment:
        settings = RenderingSettings(
            kafka=environment["WM_KAFKA"], mongo=environment["WM_MONGO"], kafka_idempotence=False
        )
        async with open_house(settings, "rendering") as house:
            house.projector.announces = False
            few = await _fill(house, 0, FEW)
            little = await _ask_all(environment, few)
            many = await _fill(house, FEW, MANY)
            much = await _ask_all(environment, [*few, *many])
        examined = await _examined(settings, many[:10])
    extra = {"articles": float(MANY), "examined": examined, "p95": statistics.quantiles(much, n=20)[18]}
    return Measure(
        "cold_page",
        statistics.median(much),
        statistics.median(little),
        unit="ms",
        bar=1.2,
        sense="at_most",
        extra=extra,
    )


async def _fill(house: House, start: int, end: int) -> Sequence[str]:
    urls = []
    for first in range(start, end, _AT_ONCE):
        articles = [
            an_article(minute=number, body_html=_BODY, tags=(f"Tag {number % 97}",), bylines=(f"Author {number % 31}",))
            for number in range(first, min(first + _AT_ONCE, end))
        ]
        await house.tell(*articles)
        urls += [article.url for article in articles]
    return urls


async def _ask_all(environment: Mapping[str, str], urls: Sequence[str]) -> Sequence[float]:
    """How long each of PAGES articles, spread over all, took a fresh gateway, in milliseconds."""
    port = free_port()
    command = [sys.executable, "-m", "services.rendering", "gateway"]
    async with running_process(command, environment, port), aiohttp.ClientSession() as http:
        taken = []
        for url in urls[:: max(1, len(urls) // PAGES)][:PAGES]:
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
