"""Times of sent events, written by two processes at the same moment."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from shared.mongo.client import Mongo
from shared.outbox.sent_times import SentTimes
from tests.support.polling import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = datetime(2026, 11, 30, tzinfo=UTC)


async def test_two_writers_of_the_same_aggregates_write_the_newest_versions_and_go_on(
    mongo_url: str, mongo_database: str
) -> None:
    mongo = Mongo(mongo_url)
    writers = [SentTimes(mongo.database(mongo_database)) for _ in "12"]

    async def until_sent(aggregate: str, version: int) -> None:
        async def is_sent() -> bool:
            found = await writers[0].find(aggregate)
            return found is not None and found.version == version

        await eventually(is_sent)

    async with AsyncExitStack() as running:
        for writer in writers:
            await running.enter_async_context(writer.writing())
        for version, writer in enumerate(writers, 1):
            writer.note(({"aggregate": f"article-{number}", "version": version} for number in range(50)), AT)
        await until_sent("article-49", 2)
        for version, writer in enumerate(writers, 1):
            writer.note([{"aggregate": f"of-writer-{version}", "version": version}], AT)
            await until_sent(f"of-writer-{version}", version)
    mongo.close()
