"""The page cache: entries that know the versions they were made from, and floors below which nothing is served.

Pure bookkeeping without I/O and without a clock; `press.py` fills it, `log.py` moves its floors.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Versions = Mapping[str, int]

# What an entry costs beside its bytes: its key, its versions and its places in the tables, measured with tracemalloc.
ENTRY_BYTES = 600
DEPENDENCY_BYTES = 160
# A floor matters only to renders that were under way when it rose: the oldest of so many is far older than any of them.
MOST_FLOORS = 200_000


@dataclass(slots=True)
class CacheEntry(Generic[T]):
    """A cached page, what it was made from, until when it may be used at most, and when a reader last asked for it."""

    value: T
    versions: Versions
    expires_at: float
    size_bytes: int
    asked_at: float = float("-inf")


class CacheSegment(Generic[T]):
    """Entries by key, the least recently used first, within a bound in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, CacheEntry[T]] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: str) -> CacheEntry[T] | None:
        """The entry, now the most recently used."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def peek(self, key: str) -> CacheEntry[T] | None:
        """The entry, without counting as a use."""
        return self._entries.get(key)

    def put(self, key: str, entry: CacheEntry[T]) -> None:
        """Put an entry in place of any other of that key."""
        self.take(key)
        self._entries[key] = entry
        self.size_bytes += entry.size_bytes

    def take(self, key: str) -> CacheEntry[T] | None:
        """Take an entry out."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry.size_bytes
        return entry

    def resize(self, key: str, size_bytes: int) -> None:
        """Note that an entry has grown or shrunk."""
        entry = self._entries.get(key)
        if entry is not None:
            self.size_bytes += size_bytes - entry.size_bytes
            entry.size_bytes = size_bytes

    def surplus(self) -> str | None:
        """The key that must go next, None while the bound is kept."""
        return next(iter(self._entries)) if self.size_bytes > self._most_bytes else None

    def clear(self) -> None:
        """Take everything out."""
        self._entries.clear()
        self.size_bytes = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """When a render began, in terms of what the cache had heard by then."""

    epoch: int
    moves: int


@dataclass(slots=True)
class Floor:
    """The least version that may be shown, and which move of all it was that raised it last."""

    version: int
    move: int


class PageCache(Generic[T]):
    """Pages by key, each bound to the versions of what it was made from.

    Guarantee: after `raise_floor(d, v)`, by an announcement or by newer data that a render has read (`observe`), `find`
    gives no entry made from an older version of `d`, and `store` takes none, in whatever order the calls come. A render
    asks `begin` before it reads and `settle` when it is done. `clear` starts a new epoch: what was begun before it is
    never stored.

    Pages and absences (addresses under which nothing is, or from which readers are led on) have a bound each, so that
    guessed addresses push out no page. `on_drop` is told the key of each page that a floor has outdated, and when a reader
    last asked for it.
    """

    def __init__(self, *, most_bytes: int, most_absence_bytes: int) -> None:
        self._pages: CacheSegment[T] = CacheSegment(most_bytes)
        self._absences: CacheSegment[T] = CacheSegment(most_absence_bytes)
        self._floors: OrderedDict[str, Floor] = OrderedDict()
        self._dependents: dict[str, set[str]] = {}
        self._moves = 0
        self._epoch = 0
        self.on_drop: Callable[[str, float], None] = lambda key, asked_at: None

    def __len__(self) -> int:
        return len(self._pages) + len(self._absences)

    @property
    def size_bytes(self) -> int:
        """What all entries cost together."""
        return self._pages.size_bytes + self._absences.size_bytes

    def find(self, key: str, now: float) -> T | None:
        """The page, if there is one that may be served at `now`."""
        entry = self._pages.find(key)
        if entry is None:
            entry = self._absences.find(key)
            if entry is None:
                return None
        if entry.expires_at <= now:
            self._drop(key)
            return None
        entry.asked_at = now
        return entry.value

    def begin(self) -> Ticket:
        """To be asked before anything is read for a page."""
        return Ticket(self._epoch, self._moves)

    def settle(self, versions: Versions, ticket: Ticket) -> Versions | None:
        """The versions that a page stands for, None where something of it has moved since and it must be made anew.

        Something that the read model has never held has version 0. Since moves are announced after they are
        committed, what was read after a move was known shows it: so an absence stands for the floor that was known
        before the read, and is outdated by any move since.
        """
        settled = {name: version or self._absent_since(name, ticket) for name, version in versions.items()}
        return settled if self.is_current(settled, ticket.epoch) else None

    def _absent_since(self, dependency: str, ticket: Ticket) -> int:
        floor = self._floors.get(dependency)
        return floor.version if floor is not None and floor.move <= ticket.moves else 0

    def is_current(self, versions: Versions, epoch: int) -> bool:
        """Whether a page of these settled versions may be shown."""
        return epoch == self._epoch and all(version >= self._floor(name) for name, version in versions.items())

    def _floor(self, dependency: str) -> int:
        floor = self._floors.get(dependency)
        return 0 if floor is None else floor.version

    def store(
        self,
        key: str,
        value: T,
        versions: Versions,
        *,
        epoch: int,
        size_bytes: int,
        expires_at: float,
        absent: bool = False,
    ) -> bool:
        """Keep a page of settled versions unless it is outdated; says whether it was kept."""
        if not self.is_current(versions, epoch):
            return False
        self._drop(key)
        cost = size_bytes + ENTRY_BYTES + DEPENDENCY_BYTES * len(versions)
        shelf = self._absences if absent else self._pages
        shelf.put(key, CacheEntry(value, versions, expires_at, cost))
        for dependency in versions:
            self._dependents.setdefault(dependency, set()).add(key)
        self._keep_bounds(shelf)
        return True

    def resize(self, key: str, value: T, size_bytes: int) -> None:
        """Note the present size of a page that has composed more of its forms since it was stored."""
        entry = self._pages.peek(key)
        if entry is not None and entry.value is value:
            self._pages.resize(key, size_bytes + ENTRY_BYTES + DEPENDENCY_BYTES * len(entry.versions))
            self._keep_bounds(self._pages)

    def observe(self, versions: Versions) -> None:
        """Data of these versions is about to be shown: no page may show older data after it."""
        for dependency, version in versions.items():
            self.raise_floor(dependency, version)

    def raise_floor(self, dependency: str, version: int) -> int:
        """From now on `dependency` is shown at `version` or newer; returns how many pages that drops."""
        if version <= self._floor(dependency):
            return 0
        self._moves += 1
        self._floors[dependency] = Floor(version, self._moves)
        self._floors.move_to_end(dependency)
        if len(self._floors) > MOST_FLOORS:
            self._floors.popitem(last=False)
        outdated = [key for key in self._dependents.get(dependency, ()) if self._is_older(key, dependency, version)]
        for key in outdated:
            entry = self._drop(key)
            if entry is not None:
                self.on_drop(key, entry.asked_at)
        return len(outdated)

    def clear(self) -> None:
        """Forget all pages and floors: moves may have been missed. Renders under way will not be stored."""
        self._epoch += 1
        self._pages.clear()
        self._absences.clear()
        self._floors.clear()
        self._dependents.clear()

    def _is_older(self, key: str, dependency: str, version: int) -> bool:
        entry = self._pages.peek(key) or self._absences.peek(key)
        return entry is not None and entry.versions[dependency] < version

    def _drop(self, key: str) -> CacheEntry[T] | None:
        entry = self._pages.take(key) or self._absences.take(key)
        for dependency in entry.versions if entry is not None else ():
            keys = self._dependents[dependency]
            keys.discard(key)
            if not keys:
                del self._dependents[dependency]
        return entry

    def _keep_bounds(self, shelf: CacheSegment[T]) -> None:
        while (key := shelf.surplus()) is not None:
            self._drop(key)
