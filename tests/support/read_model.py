"""A read model in a dictionary, for rules and pages that are pure: loads what they ask for, keeps what they change."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from services.rendering.projector.consumers import ReceivedEvent, Unit
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import Document, Entry
from services.rendering.readmodel.snapshot import ChangeSet, LoadedSnapshot, NotLoaded, Snapshot
from shared import topics
from shared.events import ArticleState, Erased, Event
from tests.support.projector import MORNING

T = TypeVar("T")


class Memory:
    """Documents by name, and what was touched by each call of `apply`; `loaded` counts documents, `queries` loads of several."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.loaded = 0
        self.queries = 0

    def apply(self, *events: Event) -> set[str]:
        """Project events in one unit, as the projector does; returns what they touched. Erasures are of articles."""
        return self._project([ReceivedEvent(_topic(event), event, MORNING) for event in events])

    def erase_comment(self, comment_id: str) -> set[str]:
        """Project the erasure of a comment."""
        return self._project([ReceivedEvent(topics.COMMENTS.name, Erased(id=comment_id), MORNING)])

    def _project(self, told: Sequence[ReceivedEvent]) -> set[str]:
        shelf = LoadedSnapshot()
        unit = Unit(shelf, told)
        while missing := unit.go_on():
            self._load(shelf, missing)
        self._keep(unit.change_set)
        return set(unit.touched)

    def change(self, work: Callable[[ChangeSet], T]) -> T:
        """Run a function that writes."""
        shelf = LoadedSnapshot()
        while True:
            draft = ChangeSet(shelf)
            try:
                result = work(draft)
            except NotLoaded as error:
                self._load(shelf, error.missing)
                continue
            self._keep(draft)
            return result

    def ask(self, question: Callable[[Snapshot], T]) -> T:
        """Run a function that reads."""
        return self.change(question)

    def rows(self, row: "paged_list.PagedList[Entry]") -> list[tuple[int | None, Sequence[Entry]]]:
        """Every page of a row with its number, oldest first, found as a reader does: from the front, by links."""

        def walk(shelf: Snapshot) -> list[tuple[int | None, Sequence[Entry]]]:
            spot: paged_list.Position[Entry] | None = paged_list.front_of(shelf, row)
            pages: list[tuple[int | None, Sequence[Entry]]] = []
            while spot is not None:
                pages.insert(0, (spot.number, spot.leaf.entries))
                spot = paged_list.older_spot(shelf, row, spot)
            return pages

        return self.ask(walk)

    def _load(self, shelf: LoadedSnapshot, names: Iterable[str]) -> None:
        self.queries += 1
        for name in names:
            self.loaded += 1
            shelf.add(name, self.documents.get(name), 0)

    def _keep(self, draft: ChangeSet) -> None:
        for name, document in draft.changes.items():
            if document is None:
                self.documents.pop(name, None)
            else:
                self.documents[name] = document


def _topic(event: Event) -> str:
    return topics.ARTICLES.name if isinstance(event, ArticleState | Erased) else topics.COMMENTS.name
