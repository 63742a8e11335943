"""The rate of reading a list of twenty comments, against Isso's with the same comments."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from shared.events import ArticlePublished, encode
from shared.ids import new_id
from shared.kafka.producer import Producer
from shared.times import now
from tests.bench.engines import running_engines
from tests.bench.isso import THREAD, running_isso
from tests.bench.load import http_request, measure
from tests.bench.measure import Measure, in_turns
from tests.bench.process import running_process
from tests.support.polling import eventually
from tests.support.ports import free_port

COMMENTS = 20
CONNECTIONS = 8
BAR = 10.0
ROUNDS = 3
TEXT = "A fine piece, and a map that one can read at last. The figures for March surprise me: where do they come from?"


@asynccontextmanager
async def running_comments() -> AsyncIterator[tuple[int, str, Mapping[str, str]]]:
    """The comments service with an article of COMMENTS comments; yields its port, the path of the list, and the engines."""
    port, article_id, moment = free_port(), new_id(), now()
    article = ArticlePublished.model_validate({
        "id": article_id, "version": 1, "status": "published", "slug": "a", "url": THREAD, "headline": "The lake",
        "section": "world", "created_at": moment, "updated_at": moment, "published_at": moment,
    })  # fmt: skip
    path = f"/v1/articles/{article_id}/comments"
    with running_engines() as environment:
        producer = Producer(environment["WM_KAFKA"], idempotence=False)
        await producer.send(encode(article))
        await producer.stop()
        variables = {
            **environment, "WM_COMMENTS_MODE": "post", "WM_RATE_LIMITS": "off", "WM_LOG_LEVEL": "ERROR",
            "WM_SESSION_TIMEOUT_MS": "4000",
        }  # fmt: skip
        async with running_process((sys.executable, "-m", "services.comments"), variables, port):
            await _fill(f"http://127.0.0.1:{port}{path}")
            yield port, path, environment


async def _fill(url: str) -> None:
    async with aiohttp.ClientSession() as http:

        async def is_there() -> bool:
            async with http.get(url) as answer:
                return answer.status == 200

        await eventually(is_there, what="the service has the article")
        for number in range(COMMENTS):
            sent = {"name": "Ada Byrne", "email": f"ada{number}@example.org", "body": f"{TEXT} {number}"}
            async with http.post(url, json=sent) as answer:
                assert answer.status == 201, await answer.text()


async def measure_comment_list() -> Measure:
    """Lists a second, in turns with Isso: one process each."""
    async with running_comments() as (port, path, _), running_isso(COMMENTS, TEXT) as isso:
        ours = partial(measure, port, http_request("GET", f"{path}?limit={COMMENTS}"), connections=CONNECTIONS)
        theirs = partial(
            measure, isso, http_request("GET", f"/?uri={THREAD}&limit={COMMENTS}"), connections=CONNECTIONS
        )
        found = await in_turns(ours, theirs, rounds=ROUNDS)
    return Measure("comment_list", *found, unit="lists/s", bar=BAR)


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"comment_list": measure_comment_list}
