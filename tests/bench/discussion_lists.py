"""Lists of a discussion of ten thousand comments over HTTP, against those of a hundred: the time of an answer, in each order.

Every tenth request comes after a new comment under its article, so that the 95th percentile is a list that is not the one before.
Two pages of the long discussion are asked for in each order; one of those by age has the thread that is 300 deep. The short
discussion is asked for as many threads as have about as many comments (a hundred at most), since an answer costs what it returns.
"""

import random
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter
from typing import Any
from urllib.parse import quote

import aiohttp

from services.comments.model.records import Comment, PastVotes, VoteCount
from services.comments.model.store import Store
from shared.events import ArticlePublished, CommentState, encode
from shared.http.requests import write_cursor
from shared.ids import made_at
from shared.kafka.producer import Producer
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import now
from tests.bench.discussions import BAR, CHAIN, FEW, MANY, Talk
from tests.bench.engines import running_engines
from tests.bench.measure import Measure
from tests.bench.process import running_process
from tests.support.polling import eventually
from tests.support.ports import free_port

SORTS = ("oldest", "newest", "best")
TURNS = 480
CHANGE_EVERY = 10
# The pages of a list that are measured, by number: the reading of all would take minutes.
PAGES = (0, 11)
_LARGEST_PAGE = 50
_CHUNK = 200


@dataclass(frozen=True)
class ListedTalk:
    """A discussion, and the addresses of pages of its lists by order."""

    url: str
    pages: Mapping[str, Sequence[str]]


@asynccontextmanager
async def running_lists() -> AsyncIterator[tuple[aiohttp.ClientSession, ListedTalk, ListedTalk]]:
    """The comments service with both discussions."""
    port = free_port()
    few, many = Talk(random.Random(1)), Talk(random.Random(2))
    few.grow(FEW)
    before_chain = many.grow(MANY // 2)
    many.chain(CHAIN)
    many.grow(MANY - MANY // 2 - CHAIN)
    with running_engines() as environment:
        for talk in (few, many):
            await _store(environment["WM_MONGO"], talk)
        await _send_articles(environment["WM_KAFKA"], few, many)
        variables = {**environment, "WM_COMMENTS_MODE": "post", "WM_RATE_LIMITS": "off", "WM_LOG_LEVEL": "ERROR"}
        command = (sys.executable, "-m", "services.comments")
        async with running_process(command, variables, port), aiohttp.ClientSession() as http:
            urls = [f"http://127.0.0.1:{port}/v1/articles/{talk.article_id}/comments" for talk in (few, many)]
            await eventually(lambda: _are_there(http, urls), what="the service has the articles")
            pages = {sort: await _walk(http, f"{urls[1]}?sort={sort}") for sort in SORTS}
            top = max(comment.root_id for comment in before_chain)
            pages["oldest"][-1] = f"{urls[1]}?sort=oldest&cursor={write_cursor(top)}"
            as_long = {sort: await _as_long(http, f"{urls[0]}?sort={sort}", pages[sort]) for sort in SORTS}
            yield http, ListedTalk(urls[0], as_long), ListedTalk(urls[1], pages)


async def _send_articles(kafka: str, *talks: Talk) -> None:
    producer = Producer(kafka, idempotence=False)
    for talk in talks:
        article = ArticlePublished.model_validate({
            "id": talk.article_id, "version": 1, "status": "published", "slug": "a", "url": talk.path, "headline": "The lake",
            "section": "world", "created_at": now(), "updated_at": now(), "published_at": now(),
        })  # fmt: skip
        await producer.send(encode(article))
    await producer.stop()


async def _store(mongo: str, talk: Talk) -> None:
    """Store a discussion, in which every third comment has votes."""
    store = Store(Mongo(mongo), starts_as="post")
    await store.prepare()
    comments = [_a_comment(talk, one) for one in talk.comments]
    for first in range(0, len(comments), _CHUNK):

        async def work(session: Session, first: int = first) -> None:
            await store.comments.add_all(comments[first : first + _CHUNK], session)

        await store.mongo.transaction(work)
    store.mongo.close()


def _a_comment(talk: Talk, event: CommentState) -> Comment:
    up, down = (talk.rng.randrange(20), talk.rng.randrange(5)) if talk.rng.random() < 1 / 3 else (0, 0)
    past = (PastVotes(0, 0, up, down),) if up or down else ()
    return Comment(
        event.id, 1, talk.article_id, event.parent_id, event.root_id, event.name, None, event.body, event.body_html,
        "published", made_at(event.id), votes=VoteCount(up, down), past_votes=past,
    )  # fmt: skip


async def _are_there(http: aiohttp.ClientSession, urls: Sequence[str]) -> bool:
    for url in urls:
        async with http.get(url) as answer:
            if answer.status != 200:
                return False
    return True


async def _walk(http: aiohttp.ClientSession, url: str) -> list[str]:
    """The addresses of PAGES."""
    pages = [url]
    while len(pages) <= max(PAGES):
        cursor = (await _list(http, pages[-1]))["next_cursor"]
        pages.append(f"{url}&cursor={quote(cursor)}")
    return [pages[number] for number in PAGES]


async def _as_long(http: aiohttp.ClientSession, url: str, pages: Sequence[str]) -> list[str]:
    """For each of these pages the first page of another list, with the limit that has the nearest number of comments."""
    sizes = list(accumulate(map(_size, (await _list(http, f"{url}&limit={_LARGEST_PAGE}"))["items"])))
    found = []
    for page in pages:
        wanted = sum(map(_size, (await _list(http, page))["items"]))
        _, limit = min((abs(size - wanted), limit) for limit, size in enumerate(sizes, 1))
        found.append(f"{url}&limit={limit}")
    return found


def _size(thread: Mapping[str, Any]) -> int:
    return 1 + sum(map(_size, thread["replies"]))


async def _list(http: aiohttp.ClientSession, url: str) -> Any:
    async with http.get(url) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def measure_lists() -> Measure:
    """The 95th percentile of the time of an answer, over the pages in all orders."""
    taken: dict[str, list[float]] = {"few": [], "many": []}
    sizes: dict[str, list[int]] = {"few": [], "many": []}
    rng = random.Random(3)
    async with running_lists() as (http, few, many):
        for turn in range(TURNS):
            pair = (("few", few), ("many", many))
            # The work that goes on after a new comment slows down what is asked next: each is the second one as often.
            for name, talk in pair if turn // CHANGE_EVERY % 2 else pair[::-1]:
                if turn % CHANGE_EVERY == 0:
                    await _comment(http, talk.url, turn)
                url = rng.choice(talk.pages[SORTS[turn % len(SORTS)]])
                started = perf_counter()
                async with http.get(url) as answer:
                    sizes[name].append(len(await answer.read()))
                taken[name].append((perf_counter() - started) * 1000)
                assert answer.status == 200
    extra = {
        "p50": statistics.median(taken["many"]),
        "p50_small": statistics.median(taken["few"]),
        "kilobytes": statistics.mean(sizes["many"]) / 1000,
        "kilobytes_small": statistics.mean(sizes["few"]) / 1000,
    }
    ours, reference = (statistics.quantiles(taken[name], n=20)[18] for name in ("many", "few"))
    return Measure("big_discussion_list", ours, reference, unit="ms", bar=BAR, sense="at_most", extra=extra)


async def _comment(http: aiohttp.ClientSession, url: str, number: int) -> None:
    sent = {"name": "Ada Byrne", "email": f"ada{number}@example.org", "body": f"A fine piece, and a map. {number}"}
    async with http.post(url, json=sent) as answer:
        assert answer.status == 201, await answer.text()


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"big_discussion_list": measure_lists}
