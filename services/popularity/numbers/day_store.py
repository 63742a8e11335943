"""Rolled-up days in MongoDB. No other file knows the collection `days`.

One document a day of an article or scope: `_id` (`<name>/<day>`), `rev` (changes with each write), the sums `views`,
`visitors`, `classes`, and `pieces`, each as in `rules.Piece`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bson import Binary

from services.popularity.numbers.rules import DayNumbers, Piece, Position
from shared.mongo.collections import Collection, Database, Document, available, by_keys

_SUMS = {"views": 1, "visitors": 1, "classes": 1}


@dataclass(frozen=True)
class StoredDay:
    """A stored day with its pieces. `rev` is 0 for one that is not stored yet."""

    rev: int
    visitors: int
    pieces: tuple[Piece, ...]


class DayStore:
    """Days by key. Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["days"]

    async def sums(self, names: Iterable[str], days: Sequence[str]) -> dict[tuple[str, str], DayNumbers]:
        """The stored sums by name and day, without hours."""
        keys = {key_of(name, day): (name, day) for name in names for day in days}
        async with available("sums of days"):
            found = await by_keys(self.collection, keys, _SUMS)
        return {keys[row["_id"]]: DayNumbers(row["views"], row["visitors"], row["classes"]) for row in found}

    async def days(self, names: Iterable[str], days: Sequence[str]) -> dict[tuple[str, str], StoredDay]:
        """The stored days with their pieces, by name and day."""
        keys = {key_of(name, day): (name, day) for name in names for day in days}
        async with available("days"):
            found = await by_keys(self.collection, keys, {"rev": 1, "visitors": 1, "pieces": 1})
        return {
            keys[row["_id"]]: StoredDay(row["rev"], row["visitors"], tuple(_piece(piece) for piece in row["pieces"]))
            for row in found
        }


def key_of(name: str, day: str) -> str:
    """The id of a day's document."""
    return f"{name}/{day}"


def piece_document(piece: Piece) -> Document:
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
        _position(found["from"]),
        _position(found["to"]),
        {int(start): classes for start, classes in found["hours"].items()},
        bytes(found["sketch"]),
        dict(found["counts"]),
    )


def _position(pair: Sequence[int]) -> Position:
    return (pair[0], pair[1])
