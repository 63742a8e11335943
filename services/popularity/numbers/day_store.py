"""Rolled-up days in MongoDB. No other file knows the collections `days` and `pieces`.

Each has one document a day of an article or scope, with the `_id` `<name>/<day>`. `pieces` has `rev`, which changes with each
write, and `pieces`, each as in `rules.Piece`. `days` has their sums, which are small: `views`, `visitors`, `classes`, the first
`counts`, and for the whole site `sections` (slug -> views, visitors). `rev` and `section_revs` are those of the added pieces.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bson import Binary
from pymongo import InsertOne, ReplaceOne, UpdateOne

from services.popularity.numbers.rules import DayNumbers, Piece, Position
from shared.errors import Conflict
from shared.mongo.collections import Collection, Database, Document, DuplicateKeyError, available, by_keys

# The id of the document with the first day; ids of days have a slash.
_FIRST = "first_day"
_SUMS = {"views": 1, "visitors": 1, "classes": 1, "counts": 1}
# Hosts in the sums of a day.
_MOST_COUNTS = 100
_SITE, _SECTION = "site", "s:"


@dataclass(frozen=True)
class StoredDay:
    """A stored day with its pieces. `rev` is 0 for one that is not stored yet."""

    rev: int
    pieces: tuple[Piece, ...]


class DayStore:
    """Days by key. Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, database: Database) -> None:
        self.sums_of_days: Collection = database["days"]
        self.pieces: Collection = database["pieces"]

    async def sums(self, names: Iterable[str], days: Sequence[str]) -> dict[tuple[str, str], DayNumbers]:
        """The stored sums by name and day, without hours."""
        keys = {key_of(name, day): (name, day) for name in names for day in days}
        async with available("sums of days"):
            found = await by_keys(self.sums_of_days, keys, _SUMS)
        return {
            keys[row["_id"]]: DayNumbers(
                row["views"], row["visitors"], row["classes"], counts=dict(row.get("counts", ()))
            )
            for row in found
            if "views" in row
        }

    async def sections(self, days: Sequence[str]) -> dict[str, dict[str, tuple[int, int]]]:
        """The views and visitors of each section, by day."""
        keys = {key_of(_SITE, day): day for day in days}
        async with available("sections of days"):
            found = await by_keys(self.sums_of_days, keys, {"sections": 1})
        return {
            keys[row["_id"]]: {slug: (views, visitors) for slug, (views, visitors) in row.get("sections", {}).items()}
            for row in found
        }

    async def days(self, names: Iterable[str], days: Sequence[str]) -> dict[tuple[str, str], StoredDay]:
        """The stored days with their pieces, by name and day."""
        keys = {key_of(name, day): (name, day) for name in names for day in days}
        async with available("days"):
            found = await by_keys(self.pieces, keys)
        return {keys[row["_id"]]: StoredDay(row["rev"], tuple(map(_piece, row["pieces"]))) for row in found}

    async def write(self, days: Mapping[tuple[str, str], tuple[int, DayNumbers, Sequence[Piece]]]) -> None:
        """Replace days: the replaced `rev`, the sums, and the pieces of each. Raises Conflict when another was faster."""
        pieces = {
            key_of(*key): (rev, {"pieces": [_document(piece) for piece in parts]})
            for key, (rev, _, parts) in days.items()
        }
        await write_all(self.pieces, pieces)
        writes = [
            write for (name, day), (rev, sums, _) in days.items() for write in _sums_writes(name, day, rev + 1, sums)
        ]
        if writes:
            async with available("sums of days"):
                await self.sums_of_days.bulk_write(writes)

    async def all(self) -> AsyncIterator[tuple[str, str, tuple[Piece, ...]]]:
        """Every stored day of every article and scope: its name, its day, and its pieces without sketches."""
        async with available("all days"):
            async for row in self.pieces.find({}, {"pieces.sketch": 0}):
                name, _, day = row["_id"].rpartition("/")
                yield name, day, tuple(_piece(piece) for piece in row["pieces"])

    async def sketches(self, article: str, days: Sequence[str]) -> list[bytes]:
        """The HyperLogLogs of an article's visitors on these days, as Redis had them."""
        found = await self.days([article], days)
        return [piece.sketch for day in found.values() for piece in day.pieces if piece.sketch]

    async def first_day(self) -> str | None:
        """The first day that was rolled up."""
        async with available("first day"):
            found = await self.sums_of_days.find_one({"_id": _FIRST})
        return None if found is None else str(found["day"])

    async def note_day(self, day: str) -> None:
        """Remember a day that is rolled up, for `first_day`."""
        async with available("first day"):
            await self.sums_of_days.update_one({"_id": _FIRST}, {"$min": {"day": day}}, upsert=True)


async def write_all(collection: Collection, documents: Mapping[str, tuple[int, Document]]) -> None:
    """Insert documents (with the former `rev` 0) and replace those with this `rev`. Each gets the next one.

    Raises Unavailable, and Conflict when another process wrote one of them meanwhile; others may then be written.
    """
    writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
    for key, (rev, fields) in documents.items():
        document = {"_id": key, "rev": rev + 1, **fields}
        writes.append(ReplaceOne({"_id": key, "rev": rev}, document) if rev else InsertOne(document))
    if not writes:
        return
    try:
        async with available(f"write of {collection.name}"):
            done = await collection.bulk_write(writes, ordered=False)
    except DuplicateKeyError as error:
        raise Conflict(f"MongoDB: {collection.name}: another process wrote the same document") from error
    if done.inserted_count + done.matched_count < len(writes):
        raise Conflict(f"MongoDB: {collection.name}: another process wrote the same document")


def set_newer(key: str, rev: int, fields: Document, empty: Document, rev_field: str = "rev") -> list[UpdateOne]:
    """Writes of sums of the pieces with this `rev`. They change no sums of later pieces, which a faster leader wrote."""
    return [
        UpdateOne({"_id": key}, {"$setOnInsert": {**empty, "rev": 0}}, upsert=True),
        UpdateOne({"_id": key, rev_field: {"$not": {"$gte": rev}}}, {"$set": {**fields, rev_field: rev}}),
    ]


def _sums_writes(name: str, day: str, rev: int, sums: DayNumbers) -> list[UpdateOne]:
    first = sorted(sums.counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_COUNTS]
    fields: Document = {
        "views": sums.views,
        "visitors": sums.visitors,
        "classes": dict(sums.classes),
        "counts": [list(pair) for pair in first],
    }
    writes = set_newer(key_of(name, day), rev, fields, {})
    if name.startswith(_SECTION):
        slug = name.removeprefix(_SECTION)
        section = {f"sections.{slug}": [sums.views, sums.visitors]}
        writes += set_newer(key_of(_SITE, day), rev, section, {}, f"section_revs.{slug}")
    return writes


def key_of(name: str, day: str) -> str:
    """The id of a day's document."""
    return f"{name}/{day}"


def _document(piece: Piece) -> Document:
    """A piece as it is stored."""
    return {
        "partition": piece.partition,
        "from": list(piece.begin),
        "to": list(piece.end),
        "hours": {str(start): dict(classes) for start, classes in piece.hours.items()},
        "counts": [[name, views] for name, views in piece.counts.items()],
        "sketch": Binary(piece.sketch),
    }


def _piece(row: Mapping[str, object]) -> Piece:
    found: Document = dict(row)
    return Piece(
        found["partition"],
        read_position(found["from"]),
        read_position(found["to"]),
        {int(start): classes for start, classes in found["hours"].items()},
        bytes(found.get("sketch", b"")),
        dict(found["counts"]),
    )


def read_position(pair: Sequence[int]) -> Position:
    """A position as it is stored."""
    return (pair[0], pair[1])
