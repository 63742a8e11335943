"""A failed bulk write is an ordinary error, without the documents."""

import asyncio

import pytest

from shared.errors import Unavailable
from shared.mongo.client import Mongo
from shared.mongo.collections import Document, DuplicateKeyError, Session, available

_SECRET = "ada@example.org"


async def test_failed_bulk_write_is_a_duplicate_key_or_unavailable_and_names_no_document(
    mongo_url: str, mongo_database: str
) -> None:
    mongo = Mongo(mongo_url)
    collection = mongo.database(mongo_database)["documents"]
    documents: list[Document] = [{"_id": "1", "email": _SECRET}, {"_id": "1", "email": _SECRET}]

    async def work(session: Session) -> None:
        await collection.insert_many(documents, session=session)

    with pytest.raises(DuplicateKeyError) as in_transaction:
        await mongo.transaction(work)
    with pytest.raises(DuplicateKeyError) as outside:
        async with available("documents"):
            await collection.insert_many(documents)
    mongo.close()

    assert _SECRET not in repr(in_transaction.value) + repr(outside.value)
    assert in_transaction.value.__suppress_context__


async def test_transactions_that_insert_the_same_documents_are_one_success_and_duplicates(
    mongo_url: str, mongo_database: str
) -> None:
    mongo = Mongo(mongo_url)
    collection = mongo.database(mongo_database)["documents"]
    await collection.insert_one({"_id": "0"})

    async def insert(writer: int) -> str:
        async def work(session: Session) -> None:
            await collection.insert_many([{"_id": f"{writer}"}, {"_id": "same"}], session=session)

        try:
            await mongo.transaction(work)
        except (DuplicateKeyError, Unavailable) as error:
            return type(error).__name__
        return "written"

    results = await asyncio.gather(*(insert(writer) for writer in range(1, 7)))
    mongo.close()

    assert sorted(results) == ["DuplicateKeyError"] * 5 + ["written"]
