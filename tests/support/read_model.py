"""A read model in a dictionary, for tests of pure rules and queries: loads the missing documents and keeps the changes."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from services.rendering.projector.consumers import ReceivedEvent, Unit
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import Document, Entry
from services.rendering.readmodel.snapshot import ChangeSet, LoadedSnapshot, NotLoaded, Snapshot
from shared import topics
from shared.events import ArticleState, Erased, Event
from shared.topics import Topic
from tests.support.projector import MORNING

T = TypeVar("T")


class Memory:
    """Documents by name. `loaded` counts documents that were loaded, `queries` the loads."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.loaded = 0
        self.queries = 0

    def apply(self, *events: Event) -> set[str]:
        """Project events in one transaction; returns the names of touched documents. Erasures are of articles."""
        return self._project([ReceivedEvent(_topic(event), event, MORNING) for event in events])

    def erase_comment(self, comment_id: str) -> set[str]:
        """Project the erasure of a comment."""
        return self.apply_to(topics.COMMENTS, Erased(id=comment_id))

    def apply_to(self, topic: Topic, event: Event) -> set[str]:
        """Project one event of a topic: only the topic tells what a tombstone erases."""
        return self._project([ReceivedEvent(topic.name, event, MORNING)])

    def _project(self, events: Sequence[ReceivedEvent]) -> set[str]:
        snapshot = LoadedSnapshot()
        unit = Unit(snapshot, events)
        while missing := unit.go_on():
            self._load(snapshot, missing)
        self._keep(unit.change_set)
        return set(unit.touched)

    def change(self, work: Callable[[ChangeSet], T]) -> T:
        """Run a function that changes documents."""
        snapshot = LoadedSnapshot()
        while True:
            change_set = ChangeSet(snapshot)
            try:
                result = work(change_set)
            except NotLoaded as error:
                self._load(snapshot, error.missing)
                continue
            self._keep(change_set)
            return result

    def ask(self, query: Callable[[Snapshot], T]) -> T:
        """Run a function that only reads."""
        return self.change(query)

    def pages(self, paged: "paged_list.PagedList[Entry]") -> list[tuple[int | None, Sequence[Entry]]]:
        """Number and entries of every page, oldest first, found by links from the front."""

        def walk(snapshot: Snapshot) -> list[tuple[int | None, Sequence[Entry]]]:
            position: paged_list.Position[Entry] | None = paged_list.front_of(snapshot, paged)
            pages: list[tuple[int | None, Sequence[Entry]]] = []
            while position is not None:
                pages.insert(0, (position.number, position.page.entries))
                position = paged_list.older_position(snapshot, paged, position)
            return pages

        return self.ask(walk)

    def _load(self, snapshot: LoadedSnapshot, names: Iterable[str]) -> None:
        self.queries += 1
        for name in names:
            self.loaded += 1
            snapshot.add(name, self.documents.get(name), 0)

    def _keep(self, change_set: ChangeSet) -> None:
        for name, document in change_set.changes.items():
            if document is None:
                self.documents.pop(name, None)
            else:
                self.documents[name] = document


def _topic(event: Event) -> str:
    return topics.ARTICLES.name if isinstance(event, ArticleState | Erased) else topics.COMMENTS.name
