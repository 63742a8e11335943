"""The time of the desk's list among 10,000 articles, against the same pages among 100."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from services.ingestion.articles.documents import article_document
from services.ingestion.articles.rules import Article, Author, Content, Edition, Submission
from services.ingestion.store import Store
from shared.mongo.client import Mongo
from tests.bench.engines import running_engines
from tests.bench.measure import Measure, median_pair
from tests.bench.process import running_process
from tests.support.ports import free_port

MANY, FEW = 10_000, 100
BAR = 1.3
ROUNDS = 5
# Each filter lets through at least a page: 30 articles in both databases, whether they are many or few of all.
RARE = 33
_WARM_UP, _TIMES = 2, 12
_FILLED_AT_ONCE = 250
_WORDS = "The harbour authority said on Monday that ferry fares would rise from March on, for the first time in years. "
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

PAGES = (
    "",
    "?status=draft",
    "?status=published",
    "?submitted=true",
    "?changed=true",
    "?section=africa",
    "?language=ar",
    "?tag=harbours",
    "?byline=Ines+Halloran",
    "?by=ines",
    "?q=ferry",
    "?q=signal",
    "?status=draft&section=africa&q=signal",
)


def article(number: int, count: int) -> Article:
    """Most articles are published; every so many are of each rarer kind."""
    is_rare = number % (count // RARE) == 0
    at = _BEGIN + timedelta(minutes=number)
    text = _WORDS * 20
    content = Content(
        headline=f"Ferry fares rise, part {number}{', signal lost' if is_rare else ''}",
        section="africa" if is_rare else "world",
        slug=f"ferry-fares-{number}",
        standfirst=_WORDS,
        body_markdown=text,
        body_html=f"<p>{text}</p>",
        bylines=("Ines Halloran",) if is_rare else (f"Author {number % 40}",),
        tags=("Harbours",) if is_rare else (f"tag {number % 200}", "news"),
        language="ar" if is_rare else "en",
        lead_image=None,
    )
    is_draft = is_rare or number % 2 == 0
    is_changed = number % (count // RARE) == 1
    public = content.model_copy(update={"headline": "Before"}) if is_changed else content
    return Article(
        id=f"{number:026}",
        number=number,
        version=2,
        status="draft" if is_draft and not is_changed else "published",
        working=content,
        slug_is_chosen=False,
        edition=None
        if is_draft and not is_changed
        else Edition(action="publish", version=2, content=public, updated_at=at),
        created_at=at,
        updated_at=at,
        published_at=None if is_draft and not is_changed else at,
        author_ids=("ines",) if is_rare else (f"person-{number % 12}",),
        submission=Submission(at=at, by=Author(id="ines", name="Ines Halloran")) if is_rare else None,
    )


async def fill(mongo: str, database: str, count: int) -> None:
    """Write the articles straight into the database: to create them over HTTP would take minutes.

    The indexes come first: the embedded MongoDB builds them faster in small steps.
    """
    opened = Mongo(mongo)
    await Store(opened, database).prepare()
    articles, counters = (opened.database(database)[name] for name in ("articles", "counters"))
    for first in range(1, count + 1, _FILLED_AT_ONCE):
        numbers = range(first, min(first + _FILLED_AT_ONCE, count + 1))
        await articles.insert_many([article_document(article(number, count)) for number in numbers])
    await counters.update_one({"_id": "articles"}, {"$set": {"last": count}})
    opened.close()


@asynccontextmanager
async def running_newsroom(environment: Mapping[str, str], folder: Path, count: int) -> AsyncIterator["Newsroom"]:
    """Ingestion with `count` articles, and a desk at which its admin is signed in."""
    database, login = f"desk_list_{count}", folder / f"login-{count}.json"
    await fill(environment["WM_MONGO"], database, count)
    ports = {"ingestion": free_port(), "desk": free_port()}
    variables = {
        **environment,
        "WM_INGESTION_DATABASE": database,
        "WM_DESK_LOGIN_FILE": str(login),
        "WM_INGESTION": f"http://127.0.0.1:{ports['ingestion']}",
        "WM_RENDERING": "http://127.0.0.1:9",
        "WM_POPULARITY": "http://127.0.0.1:9",
        "WM_LOG_LEVEL": "ERROR",
    }
    commands = {name: (sys.executable, "-m", f"services.{name}") for name in ports}
    async with (
        running_process(commands["ingestion"], variables, ports["ingestion"]),
        running_process(commands["desk"], variables, ports["desk"]),
        aiohttp.ClientSession() as http,
    ):
        given = json.loads(login.read_text())
        sent = {"email": given["email"], "password": given["password"]}
        async with http.post(f"{variables['WM_INGESTION']}/internal/sessions", json=sent) as answer:
            token = (await answer.json())["token"]
        yield Newsroom(http, f"http://127.0.0.1:{ports['desk']}/desk", {"Cookie": f"wm_session={token}"})


class Newsroom:
    """A desk, as its admin reads it."""

    def __init__(self, http: aiohttp.ClientSession, address: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self._address = address
        self._headers = headers

    async def p95_ms(self, times: int) -> float:
        """The 95th percentile of the times of all pages, each read so often."""
        taken: list[float] = []
        for _ in range(times):
            for query in PAGES:
                taken.append(await self._read(query))
        return _p95(taken)

    async def _read(self, query: str) -> float:
        started = time.perf_counter()
        async with self._http.get(self._address + query, headers=self._headers) as answer:
            text = await answer.text()
            assert answer.status == 200, f"{query}: {answer.status} {text[:500]}"
        assert "ferry fares rise" in text.lower(), f"{query} lists nothing"
        return (time.perf_counter() - started) * 1000


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]


async def measure_desk_list() -> Measure:
    """The 95th percentile over HTTP of the desk's list with each of its filters, in turns."""
    with TemporaryDirectory() as folder, running_engines() as environment:
        async with (
            running_newsroom(environment, Path(folder), FEW) as few,
            running_newsroom(environment, Path(folder), MANY) as many,
        ):
            await asyncio.gather(few.p95_ms(_WARM_UP), many.p95_ms(_WARM_UP))
            pairs = [(await many.p95_ms(_TIMES), await few.p95_ms(_TIMES)) for _ in range(ROUNDS)]
    ours, reference = median_pair(pairs)
    return Measure("desk_list", ours, reference, unit="ms p95", bar=BAR, sense="at_most")


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"desk_list": measure_desk_list}
