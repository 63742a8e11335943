"""The page cache: entries bound to the versions they were rendered from, and floors: the oldest versions that may be shown.

No I/O and no clock. `single_flight.py` and `wiring.py` fill it, `invalidation.py` raises its floors.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Versions = Mapping[str, int]

# Overhead of an entry beside its content: key, versions, table slots. Measured with tracemalloc.
ENTRY_BYTES = 600
DEPENDENCY_BYTES = 160
# A floor matters only to renders that run while it rises. The oldest of this many floors is older than any running render.
MOST_FLOORS = 200_000


@dataclass(slots=True)
class CacheEntry(Generic[T]):
    """A cached page, the versions it was rendered from, its expiry, and the time of a reader's last request for it."""

    value: T
    versions: Versions
    expires_at: float
    size_bytes: int
    requested_at: float = float("-inf")


class CacheSegment(Generic[T]):
    """Entries by key, least recently used first, bounded in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, CacheEntry[T]] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: str) -> CacheEntry[T] | None:
        """Return the entry and mark it as most recently used."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def peek(self, key: str) -> CacheEntry[T] | None:
        """Return the entry without marking it as used."""
        return self._entries.get(key)

    def put(self, key: str, entry: CacheEntry[T]) -> None:
        """Add an entry, or replace the one with the same key."""
        self.pop(key)
        self._entries[key] = entry
        self.size_bytes += entry.size_bytes

    def pop(self, key: str) -> CacheEntry[T] | None:
        """Remove and return the entry."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry.size_bytes
        return entry

    def resize(self, key: str, size_bytes: int) -> None:
        """Record the new size of an entry."""
        entry = self._entries.get(key)
        if entry is not None:
            self.size_bytes += size_bytes - entry.size_bytes
            entry.size_bytes = size_bytes

    def key_to_evict(self) -> str | None:
        """The key to evict next, None while the size is within the bound."""
        return next(iter(self._entries)) if self.size_bytes > self._most_bytes else None

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
        self.size_bytes = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """The state of the cache when a render began."""

    epoch: int
    floor_changes: int


@dataclass(slots=True)
class Floor:
    """The oldest version that may be shown, and the serial number of the change that raised it last."""

    version: int
    change: int


class PageCache(Generic[T]):
    """Pages by key, each bound to the versions of the documents it was rendered from.

    Guarantee: after `raise_floor(d, v)`, called for an event or for newer data that a render has read (`observe`), `find`
    returns no entry from an older version of `d`, and `store` accepts none, in any order of calls. A render calls `begin`
    before it reads and `settle` when it is done. `clear` starts a new epoch: renders begun before it are never stored.

    Pages and absences (addresses with nothing to show, and redirects) have separate bounds, so requests for guessed
    addresses evict no page. `on_drop` is called for each page that a floor has outdated, with its key and the time of a
    reader's last request for it.
    """

    def __init__(self, *, most_bytes: int, most_absence_bytes: int) -> None:
        self._pages: CacheSegment[T] = CacheSegment(most_bytes)
        self._absences: CacheSegment[T] = CacheSegment(most_absence_bytes)
        self._floors: OrderedDict[str, Floor] = OrderedDict()
        self._dependents: dict[str, set[str]] = {}
        self._floor_changes = 0
        self._epoch = 0
        self.on_drop: Callable[[str, float], None] = lambda key, requested_at: None

    def __len__(self) -> int:
        return len(self._pages) + len(self._absences)

    @property
    def size_bytes(self) -> int:
        """Memory that all entries take, including overhead."""
        return self._pages.size_bytes + self._absences.size_bytes

    def find(self, key: str, now: float) -> T | None:
        """The page, if there is one and it has not expired at `now`."""
        entry = self._pages.find(key)
        if entry is None:
            entry = self._absences.find(key)
            if entry is None:
                return None
        if entry.expires_at <= now:
            self._drop(key)
            return None
        entry.requested_at = now
        return entry.value

    def begin(self) -> Ticket:
        """Return a ticket. Call it before the first read of a render."""
        return Ticket(self._epoch, self._floor_changes)

    def settle(self, versions: Versions, ticket: Ticket) -> Versions | None:
        """The versions that a page represents; None if one of its documents has changed since: render it again.

        A document that never existed has version 0. Changes are published after their commit, so a read that begins
        after a floor rose sees that change. A missing document therefore gets the floor known before the read, and any
        later change outdates it.
        """
        settled = {name: version or self._version_of_absence(name, ticket) for name, version in versions.items()}
        return settled if self.is_current(settled, ticket.epoch) else None

    def _version_of_absence(self, dependency: str, ticket: Ticket) -> int:
        floor = self._floors.get(dependency)
        return floor.version if floor is not None and floor.change <= ticket.floor_changes else 0

    def is_current(self, versions: Versions, epoch: int) -> bool:
        """Whether a page with these settled versions may be shown."""
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
        """Store a page with settled versions unless it is outdated. Returns whether it was stored."""
        if not self.is_current(versions, epoch):
            return False
        self._drop(key)
        cost = size_bytes + ENTRY_BYTES + DEPENDENCY_BYTES * len(versions)
        segment = self._absences if absent else self._pages
        segment.put(key, CacheEntry(value, versions, expires_at, cost))
        for dependency in versions:
            self._dependents.setdefault(dependency, set()).add(key)
        self._evict_surplus(segment)
        return True

    def resize(self, key: str, value: T, size_bytes: int) -> None:
        """Record the new size of a page: it is encoded on request, so it grows after it was stored."""
        entry = self._pages.peek(key)
        if entry is not None and entry.value is value:
            self._pages.resize(key, size_bytes + ENTRY_BYTES + DEPENDENCY_BYTES * len(entry.versions))
            self._evict_surplus(self._pages)

    def observe(self, versions: Versions) -> None:
        """Raise the floors to versions that are about to be shown: no page may show older data afterwards."""
        for dependency, version in versions.items():
            self.raise_floor(dependency, version)

    def raise_floor(self, dependency: str, version: int) -> int:
        """Show `dependency` only at `version` or newer from now on. Returns the number of dropped pages."""
        if version <= self._floor(dependency):
            return 0
        self._floor_changes += 1
        self._floors[dependency] = Floor(version, self._floor_changes)
        self._floors.move_to_end(dependency)
        if len(self._floors) > MOST_FLOORS:
            self._floors.popitem(last=False)
        outdated = [key for key in self._dependents.get(dependency, ()) if self._is_older(key, dependency, version)]
        for key in outdated:
            entry = self._drop(key)
            if entry is not None:
                self.on_drop(key, entry.requested_at)
        return len(outdated)

    def clear(self) -> None:
        """Drop all pages and floors: changes may have been missed. Renders that run now will not be stored."""
        self._epoch += 1
        self._pages.clear()
        self._absences.clear()
        self._floors.clear()
        self._dependents.clear()

    def _is_older(self, key: str, dependency: str, version: int) -> bool:
        entry = self._pages.peek(key) or self._absences.peek(key)
        return entry is not None and entry.versions[dependency] < version

    def _drop(self, key: str) -> CacheEntry[T] | None:
        entry = self._pages.pop(key) or self._absences.pop(key)
        for dependency in entry.versions if entry is not None else ():
            keys = self._dependents[dependency]
            keys.discard(key)
            if not keys:
                del self._dependents[dependency]
        return entry

    def _evict_surplus(self, segment: CacheSegment[T]) -> None:
        while (key := segment.key_to_evict()) is not None:
            self._drop(key)
