"""Documents in memory for pure functions, so that rules and pages need no I/O.

A function reads documents from a snapshot. If some are missing, NotLoaded names them; the caller loads them and calls the
function again. Functions are pure and cheap, so a restart costs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from services.rendering.readmodel.documents import Document

D = TypeVar("D", bound=Document)
T = TypeVar("T")


class NotLoaded(Exception):
    """Documents that the caller must load before the function can continue."""

    def __init__(self, missing: Mapping[str, type[Document]]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


def gather(steps: Iterable[Callable[[], T]]) -> list[T]:
    """Results of all steps. If steps miss documents, raises one NotLoaded with all of them."""
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
    """Read access to loaded documents."""

    def get(self, name: str, kind: type[D]) -> D | None:
        """The document, or None if it does not exist. Raises NotLoaded."""
        ...

    def need(self, wanted: Mapping[str, type[Document]]) -> None:
        """Raise NotLoaded for all of these documents that are missing, so that one query loads them."""
        ...


class LoadedSnapshot:
    """Documents loaded from the read model, with their versions (0 for a document that never existed)."""

    def __init__(self) -> None:
        self._documents: dict[str, Document | None] = {}
        self.model = 0  # number of the read model that all documents come from; 0 before the first load
        self.versions: dict[str, int] = {}

    def add(self, name: str, document: Document | None, version: int) -> None:
        """Add a loaded document."""
        self._documents[name] = document
        self.versions[name] = version

    def get(self, name: str, kind: type[D]) -> D | None:
        if name not in self._documents:
            raise NotLoaded({name: kind})
        return _checked(name, self._documents[name], kind)

    def need(self, wanted: Mapping[str, type[Document]]) -> None:
        missing = {name: kind for name, kind in wanted.items() if name not in self._documents}
        if missing:
            raise NotLoaded(missing)


class ChangeSet:
    """Changes over a snapshot: reads see them first."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.changes: dict[str, Document | None] = {}

    def get(self, name: str, kind: type[D]) -> D | None:
        if name not in self.changes:
            return self._snapshot.get(name, kind)
        return _checked(name, self.changes[name], kind)

    def need(self, wanted: Mapping[str, type[Document]]) -> None:
        self._snapshot.need({name: kind for name, kind in wanted.items() if name not in self.changes})

    def put(self, name: str, document: D | None, kind: type[D]) -> None:
        """Replace a document, or delete it with None. An equal document is no change."""
        if document == self._snapshot.get(name, kind):
            self.changes.pop(name, None)
        else:
            self.changes[name] = document

    def add(self, changes: Mapping[str, Document | None]) -> None:
        """Add the changes of another change set that was made over this one."""
        self.changes |= changes


def _checked(name: str, document: Document | None, kind: type[D]) -> D | None:
    assert document is None or isinstance(document, kind), f"{name} is no {kind.__name__}"
    return document
