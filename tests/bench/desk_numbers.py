"""The time of the desk's pages of numbers after 400 days and a million articles, against 300 ms."""

import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
from redis.asyncio import Redis

from services.popularity.model.rules import day_of, hours_of
from services.popularity.model.store import Store
from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.live_store import PARTITIONS, base
from services.popularity.numbers.rules import DayNumbers, Piece, RankedLine, add_hours, day_numbers
from services.popularity.numbers.top_store import StoredTop, TopPiece, TopStore
from shared.mongo.client import Mongo
from shared.site.site import load_site
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.bench.process import running_process
from tests.support.popularity import new_article
from tests.support.ports import free_port

DAYS, ARTICLES = 400, 1_000_000
MOST_MS = 300.0
# The roll-up keeps so many of each partition.
_MOST_OF_TOPS = 1000
_WARM_UP, _TIMES, _AT_ONCE = 2, 8, 20_000
_SITE = load_site(None)
_SCOPES = ("site", *(f"s:{section.slug}" for section in _SITE.sections))
# Bytes of Redis' HyperLogLogs of a site and of a section.
_DENSE, _SPARSE = 12_304, 800
PAGES = (
    "",
    "?span=90d",
    "?span=52w",
    "/sections/world?span=52w",
    "/wall",
    "/articles/{id}?span=52w",
)
_SLUG = "a-day-of-numbers"


async def fill_days(mongo: str, database: str, article: str) -> None:
    """Write rolled-up days straight into the database, as the counter leaves them."""
    opened, draw = Mongo(mongo), random.Random(1)
    stored, tops = DayStore(opened.database(database)), TopStore(opened.database(database))
    today = date.fromisoformat(day_of(int(time.time()) // 60, _SITE.zone))
    drawn = {scope: _top(draw) for scope in ("site", "s:world")}
    for ago in range(1, DAYS + 1):
        day = str(today - timedelta(days=ago))
        await stored.write({(name, day): _day(draw, day, name) for name in (*_SCOPES, article)})
        await tops.write({(scope, day): top for scope, top in drawn.items()})
    await stored.note_day(str(today - timedelta(days=DAYS)))
    opened.close()


async def fill_today(redis: str) -> None:
    """Write a million articles' views of today into Redis."""
    client, day = Redis.from_url(redis), day_of(int(time.time()) // 60, _SITE.zone)
    for partition in PARTITIONS:
        await client.hset(f"{base(partition)}days", day, "0:0:0:10")
        for first in range(partition, ARTICLES, len(PARTITIONS) * _AT_ONCE):
            numbers = range(first, min(first + len(PARTITIONS) * _AT_ONCE, ARTICLES), len(PARTITIONS))
            await client.zadd(f"{base(partition)}day:{day}", {f"{number:026}": 1 + number % 997 for number in numbers})
    await client.aclose()


async def know_article(redis: str, article: str) -> None:
    """Give popularity the article's card, which the counter would write."""
    client = Redis.from_url(redis)
    state = new_article("A day of numbers").model_copy(update={"id": article})
    await Store(client).upsert_article(state)
    await client.aclose()


def _day(draw: random.Random, day: str, name: str) -> tuple[int, DayNumbers, Sequence[Piece]]:
    hours = {start: {letter: draw.randrange(1, 400) for letter in "soixn"} for start in hours_of(day, _SITE.zone)}
    sketch = b"HYLL" + draw.randbytes((_DENSE if name == "site" else _SPARSE) - 4)
    hosts = {f"news{number}.example": number + 1 for number in range(100)} if name == "site" else {}
    partitions = PARTITIONS if name in _SCOPES else [0]
    pieces = [Piece(partition, (0, 0), (0, 10), hours, sketch, hosts) for partition in partitions]
    return 0, day_numbers(add_hours(piece.hours for piece in pieces), 20_000), pieces


def _top(draw: random.Random) -> StoredTop:
    return StoredTop(0, tuple(TopPiece(partition, (0, 0), (0, 10), _lines(draw)) for partition in PARTITIONS))


def _lines(draw: random.Random) -> tuple[RankedLine, ...]:
    return tuple(
        RankedLine(f"{draw.randrange(ARTICLES):026}", 5000 - 4 * number, 4000 - 3 * number)
        for number in range(_MOST_OF_TOPS)
    )


@asynccontextmanager
async def running_numbers(environment: Mapping[str, str], folder: Path) -> AsyncIterator["NumberPages"]:
    """Ingestion, popularity with its days, and a desk at which its admin is signed in."""
    login, database = folder / "login.json", "bench_numbers"
    ports = {"ingestion": free_port(), "popularity": free_port(), "desk": free_port()}
    variables = {
        **environment,
        "WM_INGESTION_DATABASE": "bench_numbers_ingestion",
        "WM_POPULARITY_DATABASE": database,
        "WM_DESK_LOGIN_FILE": str(login),
        "WM_INGESTION": f"http://127.0.0.1:{ports['ingestion']}",
        "WM_POPULARITY": f"http://127.0.0.1:{ports['popularity']}",
        "WM_RENDERING": "http://127.0.0.1:9",
        "WM_LOG_LEVEL": "ERROR",
    }
    modules = {
        "ingestion": ("services.ingestion",),
        "popularity": ("services.popularity", "api"),
        "desk": ("services.desk",),
    }
    commands = {name: (sys.executable, "-m", *module) for name, module in modules.items()}
    await fill_today(environment["WM_REDIS"])
    async with (
        running_process(commands["ingestion"], variables, ports["ingestion"]),
        running_process(commands["popularity"], variables, ports["popularity"]),
        running_process(commands["desk"], variables, ports["desk"]),
        aiohttp.ClientSession() as http,
    ):
        given = json.loads(login.read_text())
        sent = {"email": given["email"], "password": given["password"]}
        async with http.post(f"{variables['WM_INGESTION']}/internal/sessions", json=sent) as answer:
            token = (await answer.json())["token"]
        content = {"headline": "A day of numbers", "section": "world", "body_markdown": "Text.", "slug": _SLUG}
        bearer = {"Authorization": f"Bearer {token}"}
        async with http.post(f"{variables['WM_INGESTION']}/v1/articles", json=content, headers=bearer) as answer:
            article = (await answer.json())["id"]
        await know_article(environment["WM_REDIS"], article)
        await fill_days(environment["WM_MONGO"], database, article)
        address = f"http://127.0.0.1:{ports['desk']}/desk/numbers"
        yield NumberPages(http, address, {"Cookie": f"wm_session={token}"}, article)


class NumberPages:
    """The pages of numbers, as an admin reads them."""

    def __init__(self, http: aiohttp.ClientSession, address: str, headers: Mapping[str, str], article: str) -> None:
        self._http = http
        self._address = address
        self._headers = headers
        self._article = article

    async def times_ms(self, times: int) -> Mapping[str, Sequence[float]]:
        """The times of each page, read so often one after the other."""
        return {path: [await self._read(path) for _ in range(times)] for path in PAGES}

    async def _read(self, path: str) -> float:
        started = time.perf_counter()
        address = self._address + path.replace("{id}", self._article)
        async with self._http.get(address, headers=self._headers) as answer:
            text = await answer.text()
            assert answer.status == 200, f"{path}: {answer.status} {text[:500]}"
        assert "cannot be read" not in text, f"{path}: a part is missing"
        return (time.perf_counter() - started) * 1000


async def measure_desk_numbers() -> Measure:
    """The 95th percentile over HTTP of all pages; of each page its median beside it."""
    with TemporaryDirectory() as folder, running_engines() as environment:
        async with running_numbers(environment, Path(folder)) as pages:
            await pages.times_ms(_WARM_UP)
            found = await pages.times_ms(_TIMES)
    taken = sorted(one for times in found.values() for one in times)
    extra = {path or "/": median(times) for path, times in found.items()}
    p95 = taken[int(len(taken) * 0.95)]
    return Measure("desk_numbers", p95, MOST_MS, unit="ms p95", bar=1.0, sense="at_most", extra=extra)


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"desk_numbers": measure_desk_numbers}
