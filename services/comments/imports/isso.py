"""Isso's database (SQLite; tables `threads` and `comments` of isso/db/comments.py), opened for reading alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from services.comments.imports.source import BadImport, SourceComment, SourceThread
from services.comments.model.records import VoteCount
from services.comments.model.rules import Status

# Isso's modes: 1 is public, 2 waits for a moderator, 4 is deleted and has replies.
_STATUSES: dict[int, Status] = {1: "published", 2: "pending", 4: "removed"}
_THREADS = "SELECT id, uri, title FROM threads ORDER BY id"
_COMMENTS = (
    "SELECT id, tid, parent, created, modified, mode, text, author, email, website, likes, dislikes "
    "FROM comments ORDER BY id"
)


class IssoDatabase:
    """A database file. Texts stay as they were typed: Markdown, which reads well as plain text."""

    name = "isso"

    def __init__(self, path: Path) -> None:
        self._path = path

    def threads(self) -> Iterator[SourceThread]:
        """All threads."""
        for row in self._rows(_THREADS):
            yield SourceThread(str(row["id"]), str(row["uri"]), str(row["title"] or ""))

    def comments(self) -> Iterator[SourceComment]:
        """All comments."""
        for row in self._rows(_COMMENTS):
            status = _STATUSES.get(row["mode"])
            if status is None:
                raise BadImport(f"comment {row['id']}: unknown mode {row['mode']}")
            yield _comment(row, status)

    def _rows(self, query: str) -> Iterator[sqlite3.Row]:
        try:
            with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as database:
                database.row_factory = sqlite3.Row
                yield from database.execute(query)
        except sqlite3.Error as error:
            raise BadImport(f"the file is no database of Isso: {error}") from error


def _comment(row: sqlite3.Row, status: Status) -> SourceComment:
    removed = status == "removed"
    return SourceComment(
        id=str(row["id"]),
        thread=str(row["tid"]),
        parent=None if row["parent"] is None else str(row["parent"]),
        name="" if removed else str(row["author"] or ""),
        email="" if removed else str(row["email"] or ""),
        website=None if removed else row["website"] or None,
        body="" if removed else str(row["text"] or ""),
        status=status,
        created_at=datetime.fromtimestamp(row["created"], UTC),
        edited_at=None if row["modified"] is None else datetime.fromtimestamp(row["modified"], UTC),
        votes=VoteCount(row["likes"] or 0, row["dislikes"] or 0),
    )
