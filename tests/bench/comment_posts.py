"""New comments a second at one process, against the same documents in one bare transaction a comment at the same MongoDB.

`python -m tests.bench.comment_posts SECONDS` is the load of bare transactions, in a process of its own; it reads its task from
standard input and prints the rate.
"""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial
from uuid import uuid4

import uvloop

from services.comments.model.records import Comment, Contact, author_of
from services.comments.model.store import Store
from services.comments.model.text import to_html
from services.comments.posting.repeat_store import RepeatStore
from shared.events import encode
from shared.ids import made_at, new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Document, Session
from shared.outbox.store import row_of
from tests.bench.comments import TEXT, running_comments
from tests.bench.isso import THREAD, running_isso
from tests.bench.load import ROOT, http_request, measure
from tests.bench.measure import Measure, in_turns

CLIENTS = 32
SECONDS = 4.0
WARM_UP_S = 1.0
BAR = 0.8
ROUNDS = 3
_MARK = "{uuid}" + "-" * 30


async def measure_comment_post() -> Measure:
    """Posts over HTTP by CLIENTS clients, each comment by another author; Isso's rate beside it."""
    sent = {"name": "Ada Byrne", "email": f"{_MARK}@example.org", "body": TEXT}
    async with running_comments() as (port, path, urls):
        request = http_request("POST", path, json.dumps(sent).encode())
        ours = partial(measure, port, request, connections=CLIENTS, seconds=SECONDS)
        bare = {"mongo": urls["WM_MONGO"], "database": f"bench_{uuid4().hex[:12]}"}
        found = await in_turns(ours, partial(_bare_rate, bare), rounds=ROUNDS)
    theirs = {"author": "Ada Byrne", "email": "ada@example.org", "text": f"{TEXT} {_MARK}", "title": "A"}
    async with running_isso(0, TEXT) as isso:
        request = http_request("POST", f"/new?uri={THREAD}", json.dumps(theirs).encode())
        isso_rate = await measure(isso, request, connections=CLIENTS, seconds=SECONDS)
    return Measure("comment_post", *found, unit="posts/s", bar=BAR, extra={"isso": isso_rate})


async def _bare_rate(task: Mapping[str, str]) -> float:
    command = [sys.executable, "-m", "tests.bench.comment_posts", str(SECONDS)]
    found = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, input=json.dumps(task).encode(), capture_output=True, timeout=90, check=False
    )
    if found.returncode:
        raise RuntimeError(found.stderr.decode())
    return float(found.stdout)


def _documents() -> Mapping[str, list[Document]]:
    """The documents of one comment, by collection, without its author's record."""
    comment_id, email = new_id(), f"{uuid4()}@example.org"
    at, name = made_at(comment_id), secrets.token_hex(16)
    body = to_html(TEXT)
    comment = Comment(comment_id, 1, "a", None, comment_id, "Ada Byrne", None, TEXT, body, "published", at)
    contact = Contact(
        comment_id, email, author_of(email), name, at, name, name, "127.0.0.0/24", at, name * 2, at, "a", name
    )
    event = comment.event()
    posted = json.dumps({**asdict(comment), "edit_token": name}, default=str).encode()
    return {
        "comments": [{"_id": comment_id, **asdict(comment)}],
        "contacts": [{"_id": comment_id, **asdict(contact)}],
        "repeats": [{"_id": secrets.token_hex(16), "comment": comment_id, "posted": posted, "at": at}],
        "outbox": [row_of(event, encode(event))],
    }


async def _write_bare(task: Mapping[str, str], seconds: float) -> float:
    """Comments a second, after a warm-up."""
    store = Store(Mongo(task["mongo"], most_connections=CLIENTS), starts_as="post", database=task["database"])
    await store.prepare()
    await RepeatStore(store.database).prepare()
    done, deadline = 0, time.perf_counter() + WARM_UP_S + seconds

    async def write() -> None:
        documents = _documents()
        contact = documents["contacts"][0]

        async def work(session: Session) -> None:
            for name, items in documents.items():
                await store.database[name].insert_many(items, session=session)
            await store.authors.follow(contact["author"], contact["_id"], None, "published", session)

        await store.mongo.transaction(work)

    async def keep_writing() -> None:
        nonlocal done
        while time.perf_counter() < deadline:
            await write()
            done += 1

    writers = asyncio.gather(*(keep_writing() for _ in range(CLIENTS)))
    await asyncio.sleep(WARM_UP_S)
    before, started = done, time.perf_counter()
    await writers
    rate = (done - before) / (time.perf_counter() - started)
    store.mongo.close()
    return rate


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"comment_post": measure_comment_post}

if __name__ == "__main__":
    uvloop.install()
    print(asyncio.run(_write_bare(json.load(sys.stdin), float(sys.argv[1]))))
