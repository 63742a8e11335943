"""Comments of another system, as its file has them. Readers of files make these values; `plan.py` places them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.comments.model.records import VoteCount
from services.comments.model.rules import Status


class BadImport(ValueError):
    """The file is not what its kind says. The message is for the operator."""


@dataclass(frozen=True)
class SourceThread:
    """The discussion of one page. `address` is the page's URL or path."""

    id: str
    address: str
    title: str
    closed: bool = False


@dataclass(frozen=True)
class SourceComment:
    """One comment. `parent` is an id of the source; `body` is plain text; `email` is empty where the file has none."""

    id: str
    thread: str
    parent: str | None
    name: str
    email: str
    website: str | None
    body: str
    status: Status
    created_at: datetime
    spam: bool = False
    edited_at: datetime | None = None
    votes: VoteCount = field(default_factory=VoteCount)


class Source(Protocol):
    """A file that can be read several times. Methods raise BadImport."""

    name: str

    def threads(self) -> Iterator[SourceThread]:
        """All threads."""
        ...

    def comments(self) -> Iterator[SourceComment]:
        """All comments, in the order of the file."""
        ...
