"""Documents at hand while pure functions work on them: how rules and pages stay free of I/O.

A function takes what it needs from a shelf. Where a document is not at hand, NotLoaded says which are missing; whoever
runs the function loads them and calls it again. Functions are pure and cheap, so that starting over costs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from services.rendering.readmodel.documents import Document

D = TypeVar("D", bound=Document)
T = TypeVar("T")


class NotLoaded(Exception):
    """Documents that must be loaded before the function can go on."""

    def __init__(self, missing: Mapping[str, type[Document]]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


def gather(steps: Iterable[Callable[[], T]]) -> list[T]:
    """What each step returns; where any of them misses documents, one NotLoaded with all that they miss."""
    done: list[T] = []
    missing: dict[str, type[Document]] = {}
    for step in steps:
        try:
            done.append(step())
        except NotLoaded as error:
            missing |= error.missing
    if missing:
        raise NotLoaded(missing)
    return done


class Snapshot(Protocol):
    """What functions that only read are given."""

    def get(self, name: str, kind: type[D]) -> D | None:
        """The document of that name, None where there is none; raises NotLoaded."""
        ...

    def need(self, wanted: Mapping[str, type[Document]]) -> None:
        """Ask for several documents at once: those that are not at hand are then loaded in one go."""
        ...


class LoadedSnapshot:
    """A shelf filled from the read model, with the version of each document (0 for one that never existed)."""

    def __init__(self) -> None:
        self._documents: dict[str, Document | None] = {}
        self.model = 0  # the number of the read model that all of it is from; 0 while it is empty
        self.versions: dict[str, int] = {}

    def add(self, name: str, document: Document | None, version: int) -> None:
        """Put what was loaded on the shelf."""
        self._documents[name] = document
        self.versions[name] = version

    def get(self, name: str, kind: type[D]) -> D | None:
        """See Snapshot."""
        if name not in self._documents:
            raise NotLoaded({name: kind})
        document = self._documents[name]
        assert document is None or isinstance(document, kind), f"{name} is no {kind.__name__}"
        return document

    def need(self, wanted: Mapping[str, type[Document]]) -> None:
        """See Snapshot."""
        missing = {name: kind for name, kind in wanted.items() if name not in self._documents}
        if missing:
            raise NotLoaded(missing)


class ChangeSet:
    """A shelf to write on: what is put lies over the shelf below until it is taken from `changes`."""

    def __init__(self, below: Snapshot) -> None:
        self._below = below
        self.changes: dict[str, Document | None] = {}

    def get(self, name: str, kind: type[D]) -> D | None:
        """See Snapshot."""
        if name not in self.changes:
            return self._below.get(name, kind)
        document = self.changes[name]
        assert document is None or isinstance(document, kind), f"{name} is no {kind.__name__}"
        return document

    def need(self, wanted: Mapping[str, type[Document]]) -> None:
        """See Snapshot."""
        self._below.need({name: kind for name, kind in wanted.items() if name not in self.changes})

    def put(self, name: str, document: D | None, kind: type[D]) -> None:
        """Replace a document, or take it away by None; what stays the same is no change."""
        if document == self._below.get(name, kind):
            self.changes.pop(name, None)
        else:
            self.changes[name] = document

    def add(self, changes: Mapping[str, Document | None]) -> None:
        """Take over the changes of a draft that lay over this one."""
        self.changes |= changes
