"""Transactions of a killed process are aborted when its successor starts."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from tests.support.polling import until

_WRITER = """
import asyncio, sys
from shared.mongo.client import Mongo

async def main(url, database, process):
    mongo = Mongo(url)
    await mongo.take_over(database, process)

    async def work(session):
        await mongo.database(database)["things"].update_one({"_id": 1}, {"$inc": {"n": 100}}, session=session)
        print("written", flush=True)
        await asyncio.Event().wait()

    await mongo.transaction(work)

asyncio.run(main(*sys.argv[1:]))
"""


def kill_writer(url: str, database: str, process: str) -> None:
    """Start a process and send it SIGKILL in the middle of a transaction."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, database, process], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        line = writer.stdout.readline()
        while line and line != "written\n":
            line = writer.stdout.readline()
        writer.kill()
        assert line, "the writer ended before it had written"


class OtherWriter:
    """Another writer of the same document."""

    def __init__(self, mongo: Mongo, database: str) -> None:
        self._mongo = mongo
        self._things = mongo.database(database)["things"]
        self.tries = 0

    async def change(self) -> None:
        """Change the document in a transaction, retried until there is no conflict."""
        await self._mongo.transaction(self._work)

    async def _work(self, session: Session) -> None:
        self.tries += 1
        await self._things.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)


@pytest.fixture
def mongo(mongo_url: str) -> Iterator[Mongo]:
    """A client of the test server."""
    mongo = Mongo(mongo_url)
    yield mongo
    mongo.close()


async def test_successor_aborts_only_its_predecessors_transactions(
    mongo: Mongo, mongo_url: str, mongo_database: str
) -> None:
    things, other = mongo.database(mongo_database)["things"], OtherWriter(mongo, mongo_database)
    await things.insert_one({"_id": 1, "n": 0})
    kill_writer(mongo_url, mongo_database, "writer-1")
    changing = asyncio.create_task(other.change())
    await until(lambda: other.tries > 1, "the other writer meets a conflict")

    await mongo.take_over(mongo_database, "writer-2")
    tries = other.tries
    await until(lambda: other.tries > tries + 1, "the transaction of writer-1 is still open")
    assert not changing.done()

    await mongo.take_over(mongo_database, "writer-1")
    await changing

    found = await things.find_one({"_id": 1})
    assert found == {"_id": 1, "n": 1}


async def test_transaction_whose_session_was_ended_is_retried(mongo: Mongo, mongo_database: str) -> None:
    things, tries = mongo.database(mongo_database)["things"], 0
    await things.insert_one({"_id": 1, "n": 0})
    await mongo.take_over(mongo_database, "writer")

    async def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        await things.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)
        if tries == 1:
            await mongo.take_over(mongo_database, "writer")

    await mongo.transaction(work)

    assert tries == 2
    assert await things.find_one({"_id": 1}) == {"_id": 1, "n": 1}


async def test_session_is_recorded_once(mongo: Mongo, mongo_database: str) -> None:
    await mongo.take_over(mongo_database, "writer")
    other, sessions = OtherWriter(mongo, mongo_database), mongo.database(mongo_database)["sessions"]

    for _ in range(5):
        await other.change()

    assert await sessions.count_documents({}) == 1
