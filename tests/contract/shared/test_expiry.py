"""Documents that have their time are deleted by us and not by the server, whose own way stops the embedded one."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.comments.store import Store as Comments
from services.ingestion.store import Store as Articles
from shared.mongo.client import Mongo
from shared.mongo.collections import Collection
from shared.mongo.expiry import expiring, index_by_age
from shared.times import now
from tests.support.polling import eventually

_DAY = timedelta(days=1)


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    """A client."""
    mongo = Mongo(mongo_url)
    yield mongo
    mongo.close()


@pytest.fixture
def things(mongo: Mongo, mongo_database: str) -> Collection:
    """A collection of its own."""
    return mongo.database(mongo_database)["things"]


async def until_there(things: Collection, *names: str) -> None:
    """Wait until these are left and no others."""

    async def they_are() -> bool:
        return {thing["_id"] async for thing in things.find()} == set(names)

    await eventually(they_are, what=f"{names} are left")


async def test_what_is_too_old_is_deleted_at_once_and_later(things: Collection) -> None:
    await things.insert_many([{"_id": "old", "at": now() - 2 * _DAY}, {"_id": "new", "at": now() - _DAY / 2}])

    async with expiring(things, _DAY, every_s=0.05):
        await until_there(things, "new")
        await things.insert_one({"_id": "older", "at": now() - 3 * _DAY})
        await until_there(things, "new")


async def test_an_index_by_which_the_server_deletes_gives_way_to_one_by_which_it_does_not(things: Collection) -> None:
    await things.create_index("at", expireAfterSeconds=60)

    await index_by_age(things)
    await index_by_age(things)

    assert {name: "expireAfterSeconds" in index for name, index in (await things.index_information()).items()} == {
        "_id_": False,
        "at_1": False,
    }


async def test_no_store_has_the_server_delete_anything(mongo: Mongo, mongo_database: str) -> None:
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
