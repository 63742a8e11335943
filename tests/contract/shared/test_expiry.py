"""Old documents are deleted by our code; TTL indexes would stop the embedded server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.comments.model.store import Store as Comments
from services.ingestion.store import Store as Articles
from shared.mongo.client import Mongo
from shared.mongo.collections import Collection
from shared.mongo.expiry import expiring, index_by_age
from shared.times import now
from tests.support.polling import eventually

_DAY = timedelta(days=1)


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    """A client of the test server."""
    mongo = Mongo(mongo_url)
    yield mongo
    mongo.close()


@pytest.fixture
def things(mongo: Mongo, mongo_database: str) -> Collection:
    """An empty collection."""
    return mongo.database(mongo_database)["things"]


async def until_left(things: Collection, *names: str) -> None:
    """Wait until exactly these documents are left."""

    async def are_left() -> bool:
        return {thing["_id"] async for thing in things.find()} == set(names)

    await eventually(are_left, what=f"{names} are left")


async def test_old_documents_are_deleted_at_once_and_periodically(things: Collection) -> None:
    await things.insert_many([{"_id": "old", "at": now() - 2 * _DAY}, {"_id": "new", "at": now() - _DAY / 2}])

    async with expiring(things, _DAY, every_s=0.05):
        await until_left(things, "new")
        await things.insert_one({"_id": "older", "at": now() - 3 * _DAY})
        await until_left(things, "new")


async def test_documents_that_are_kept_for_ever_stay(things: Collection) -> None:
    await things.insert_many([{"_id": "old", "written": now() - 9999 * _DAY}, {"_id": "without"}])

    async with expiring(things, timedelta(0), every_s=0.05, field="written"):
        await until_left(things, "old", "without")
    async with expiring(things, _DAY, every_s=0.05, field="written"):
        await until_left(things, "without")


async def test_fields_of_old_documents_are_taken_out_instead(things: Collection) -> None:
    await index_by_age(things, "seen_at")
    await things.insert_many(
        [{"_id": "old", "seen_at": now() - 2 * _DAY, "network": "n"}, {"_id": "new", "seen_at": now(), "network": "n"}]
    )

    async with expiring(things, _DAY, field="seen_at", instead={"$set": {"network": "", "seen_at": None}}):

        async def is_out() -> bool:
            return [thing["network"] async for thing in things.find({"_id": "old"})] == [""]

        await eventually(is_out, what="the old network is taken out")
    assert [thing["network"] async for thing in things.find({"_id": "new"})] == ["n"]


async def test_ttl_index_is_replaced_by_a_plain_index(things: Collection) -> None:
    await things.create_index("at", expireAfterSeconds=60)

    await index_by_age(things)
    await index_by_age(things)

    assert {name: "expireAfterSeconds" in index for name, index in (await things.index_information()).items()} == {
        "_id_": False,
        "at_1": False,
    }


async def test_no_store_creates_a_ttl_index(mongo: Mongo, mongo_database: str) -> None:
    await mongo.take_over(mongo_database, "a service")
    await Comments(mongo, starts_as="post", database=mongo_database).prepare()
    await Articles(mongo, mongo_database).prepare()
    database = mongo.database(mongo_database)

    indexes = [
        index
        for name in await database.list_collection_names()
        for index in (await database[name].index_information()).values()
    ]

    assert len(indexes) > 10
    assert not [index for index in indexes if "expireAfterSeconds" in index]
