"""The first articles of rolled-up days in MongoDB. No other file knows these collections.

- `top_pieces`: one document a day of a scope: `_id` (`<scope>/<day>`), `rev`, and `pieces` as in `rules.py`, each with the first
  articles of its part of the day.
- `tops` and `firsts`: the first 1,000 and the first 100 of all pieces together, as three lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from services.popularity.numbers.day_store import key_of, read_position, set_newer, write_all
from services.popularity.numbers.rules import Position, RankedLine, join_lines
from shared.mongo.collections import Collection, Database, Document, available, by_keys

_MOST = 1000
_FIRST = 100


@dataclass(frozen=True)
class TopPiece:
    """The first articles of a part of a day, most viewed first, then those from which adjustments take views."""

    partition: int
    begin: Position
    end: Position
    lines: tuple[RankedLine, ...]


@dataclass(frozen=True)
class StoredTop:
    """The pieces of one scope and day. `rev` is 0 for one that is not stored yet."""

    rev: int
    pieces: tuple[TopPiece, ...]


@dataclass(frozen=True)
class DayTop:
    """The first articles of a day, most viewed first, as lists of one length."""

    articles: Sequence[str]
    views: Sequence[int]
    visitors: Sequence[int]


class TopStore:
    """Tops by scope and day. Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, database: Database) -> None:
        self.pieces: Collection = database["top_pieces"]
        self.tops: Collection = database["tops"]
        self.firsts: Collection = database["firsts"]

    async def read(self, scopes: Sequence[str], days: Sequence[str]) -> dict[tuple[str, str], StoredTop]:
        """The pieces by scope and day."""
        keys = {key_of(scope, day): (scope, day) for scope in scopes for day in days}
        async with available("pieces of tops"):
            found = await by_keys(self.pieces, keys)
        return {keys[row["_id"]]: StoredTop(row["rev"], tuple(map(_piece, row["pieces"]))) for row in found}

    async def tops_of(self, scope: str, days: Sequence[str], *, only_first: bool) -> list[DayTop]:
        """The first 1,000 articles of each stored day, or the first 100."""
        async with available("tops"):
            found = await by_keys(self.firsts if only_first else self.tops, [key_of(scope, day) for day in days])
        return [DayTop(row["articles"], row["views"], row["visitors"]) for row in found]

    async def write(self, tops: Mapping[tuple[str, str], StoredTop]) -> None:
        """Replace tops; `rev` is that of the replaced ones. Raises Conflict when another process was faster."""
        pieces = {
            key_of(*key): (top.rev, {"pieces": [_document(piece) for piece in top.pieces]}) for key, top in tops.items()
        }
        await write_all(self.pieces, pieces)
        joined = {
            key_of(*key): _first(join_lines(piece.lines for piece in top.pieces), _MOST) for key, top in tops.items()
        }
        for collection, most in ((self.tops, _MOST), (self.firsts, _FIRST)):
            writes = [
                write
                for key, lines in joined.items()
                for write in set_newer(key, pieces[key][0] + 1, _lists(lines[:most]), _lists([]))
            ]
            if writes:
                async with available("tops"):
                    await collection.bulk_write(writes)


def _first(lines: Sequence[RankedLine], most: int) -> list[RankedLine]:
    return nlargest(most, (line for line in lines if line.views > 0), key=lambda line: (line.views, line.article))


def _lists(lines: Sequence[RankedLine]) -> Document:
    return {
        "articles": [line.article for line in lines],
        "views": [line.views for line in lines],
        "visitors": [line.visitors for line in lines],
    }


def _document(piece: TopPiece) -> Document:
    place: Document = {"partition": piece.partition, "from": list(piece.begin), "to": list(piece.end)}
    return place | _lists(piece.lines)


def _piece(row: Document) -> TopPiece:
    lines = map(RankedLine, row["articles"], row["views"], row["visitors"])
    return TopPiece(row["partition"], read_position(row["from"]), read_position(row["to"]), tuple(lines))
