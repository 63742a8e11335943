"""The first articles of rolled-up days in MongoDB. No other file knows the collection `tops`.

One document a day of a scope: `_id` (`<scope>/<day>`), `rev`, and `pieces` as in `rules.py`, each with the first articles of its
part of the day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.popularity.numbers.day_store import key_of, read_position, write_all
from services.popularity.numbers.rules import Position, RankedLine
from shared.mongo.collections import Collection, Database, Document, available, by_keys


@dataclass(frozen=True)
class TopPiece:
    """The first articles of a part of a day, most viewed first."""

    partition: int
    begin: Position
    end: Position
    lines: tuple[RankedLine, ...]


@dataclass(frozen=True)
class StoredTop:
    """The pieces of one scope and day. `rev` is 0 for one that is not stored yet."""

    rev: int
    pieces: tuple[TopPiece, ...]


class TopStore:
    """Tops by scope and day. Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["tops"]

    async def read(self, scopes: Sequence[str], days: Sequence[str]) -> dict[tuple[str, str], StoredTop]:
        """The stored tops by scope and day."""
        keys = {key_of(scope, day): (scope, day) for scope in scopes for day in days}
        async with available("tops"):
            found = await by_keys(self.collection, keys)
        return {keys[row["_id"]]: StoredTop(row["rev"], tuple(map(_piece, row["pieces"]))) for row in found}

    async def write(self, tops: Mapping[tuple[str, str], StoredTop]) -> None:
        """Replace tops; `rev` is that of the replaced ones. Raises Conflict when another process was faster."""
        await write_all(
            self.collection,
            {
                key_of(*key): (top.rev, {"pieces": [_document(piece) for piece in top.pieces]})
                for key, top in tops.items()
            },
        )


def _document(piece: TopPiece) -> Document:
    return {
        "partition": piece.partition,
        "from": list(piece.begin),
        "to": list(piece.end),
        "articles": [line.article for line in piece.lines],
        "views": [line.views for line in piece.lines],
        "visitors": [line.visitors for line in piece.lines],
    }


def _piece(row: Document) -> TopPiece:
    lines = map(RankedLine, row["articles"], row["views"], row["visitors"])
    return TopPiece(row["partition"], read_position(row["from"]), read_position(row["to"]), tuple(lines))
