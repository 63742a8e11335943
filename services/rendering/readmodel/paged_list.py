"""Long lists in pages of bounded size: cards of a list, threads of an article, sitemap entries, corrections. Pure, over a snapshot.

The newest entries are the front. When it overflows, its oldest entries become the next numbered page. Numbers count from
the oldest page, and a page keeps its number and its time range for ever. Removal changes no number. A back-dated entry goes
to the page of its date; a numbered page that overflows is split into parts. The page of a date is found by bisection over
the numbers, from a hint: no document grows with the list, and nothing is scanned.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic

from services.rendering.readmodel.documents import (
    Document,
    Entry,
    Key,
    ListPage,
    StoredCard,
    StoredCardPage,
    StoredCorrection,
    StoredCorrectionPage,
    StoredSitemapEntry,
    StoredSitemapPage,
    StoredThread,
    StoredThreadPage,
)
from services.rendering.readmodel.names import CORRECTIONS, SITEMAP, list_base, threads_name
from services.rendering.readmodel.snapshot import ChangeSet, NotLoaded, Snapshot


@dataclass(frozen=True)
class PagedList(Generic[Entry]):
    """Names of a paged list's documents, and its limits.

    A front above `front_limit` moves its oldest `page_size` entries to a new numbered page. A numbered page above
    `page_limit` is split. All three count entries; unless the list is `even`, a large entry counts as several, and pages are
    not split: the rules of threads keep the limit, and earlier releases had a higher one.
    """

    base: str
    front: str
    kind: type[ListPage[Entry]]
    page_size: int
    front_limit: int
    page_limit: int
    even: bool

    def page_name(self, number: int | None) -> str:
        """Name of a page's document; None is the front."""
        return self.front if number is None else f"{self.base}:{number}"


# 24 divides by 2, 3 and 4 columns. A front holds 12 to 35 cards: never nearly empty, and no card is on two pages.
def cards_of(listing: str) -> PagedList[StoredCard]:
    """The cards of a list."""
    base = list_base(listing)
    return PagedList(base, f"{base}:front", StoredCardPage, page_size=24, front_limit=35, page_limit=48, even=True)


def threads_of(article_id: str) -> PagedList[StoredThread]:
    """The threads of an article."""
    base = threads_name(article_id)
    return PagedList(base, base, StoredThreadPage, page_size=50, front_limit=74, page_limit=75, even=False)


# An entry has 150 bytes, so this front weighs as much as a front of cards. Every article event reads and writes it.
SITEMAP_ENTRIES: PagedList[StoredSitemapEntry] = PagedList(
    SITEMAP, f"{SITEMAP}:front", StoredSitemapPage, page_size=100, front_limit=150, page_limit=200, even=True
)

CORRECTION_ENTRIES: PagedList[StoredCorrection] = PagedList(
    CORRECTIONS, f"{CORRECTIONS}:front", StoredCorrectionPage, page_size=24, front_limit=35, page_limit=48, even=True
)


@dataclass(frozen=True)
class Position(Generic[Entry]):
    """A page and its number; None is the front."""

    number: int | None
    page: ListPage[Entry]


def front_of(snapshot: Snapshot, paged: PagedList[Entry]) -> Position[Entry]:
    """The newest entries; an empty front if the list does not exist."""
    return Position(None, snapshot.get(paged.front, paged.kind) or paged.kind())


def page_of(snapshot: Snapshot, paged: PagedList[Entry], number: int) -> Position[Entry] | None:
    """The page with this number, or None."""
    page = snapshot.get(paged.page_name(number), paged.kind)
    return None if page is None else Position(number, page)


def find_position(snapshot: Snapshot, paged: PagedList[Entry], key: Key, hint: int) -> Position[Entry]:
    """The page to which a key belongs. `hint` is a page number near it; any number is correct."""
    front = front_of(snapshot, paged)
    if key >= front.page.lower:
        return front
    numbered = _bisect(snapshot, paged, key, hint, front.page.newest)
    index = bisect_right(numbered.page.parts, (key, _HIGHEST))
    return _part(snapshot, paged, numbered, index)


_HIGHEST = 1 << 60


def _bisect(snapshot: Snapshot, paged: PagedList[Entry], key: Key, hint: int, newest: int) -> Position[Entry]:
    """The numbered page whose range holds the key: galloping from the hint, then halving.

    The number of a part says nothing about its date: a part refers to the page that was the newest when it was made (`below`).
    """
    low, high, step = 1, newest, 1
    probe = min(max(hint, low), high)
    while True:
        found = _page(snapshot, paged, probe)
        below = found.page.below or probe
        if found.page.below:
            found = _page(snapshot, paged, below)
        if below < low or (found.page.upper is not None and key >= found.page.upper):
            low = probe + 1
            probe = min(probe + step, (low + high + 1) // 2)
        elif key < found.page.lower:
            high = below - 1
            probe = max(below - step, (low + high) // 2)
        else:
            return Position(below, found.page)
        step *= 2


def _page(snapshot: Snapshot, paged: PagedList[Entry], number: int) -> Position[Entry]:
    found = page_of(snapshot, paged, number)
    if found is None:
        raise LookupError(f"{paged.base} has no page {number}")
    return found


def _part(snapshot: Snapshot, paged: PagedList[Entry], numbered: Position[Entry], index: int) -> Position[Entry]:
    """A part of a numbered page, by its index; 0 is the page's own document, which holds the oldest entries."""
    return numbered if index == 0 else _page(snapshot, paged, numbered.page.parts[index - 1][1])


def older_position(snapshot: Snapshot, paged: PagedList[Entry], position: Position[Entry]) -> Position[Entry] | None:
    """The next older page, None at the oldest."""
    numbered, index = _within(snapshot, paged, position)
    if index > 0:
        return _part(snapshot, paged, numbered, index - 1)
    number = numbered.page.newest if numbered.number is None else numbered.page.previous
    if number == 0:
        return None
    previous = _page(snapshot, paged, number)
    return _part(snapshot, paged, previous, len(previous.page.parts))


def newer_position(snapshot: Snapshot, paged: PagedList[Entry], position: Position[Entry]) -> Position[Entry] | None:
    """The next newer page, None at the front."""
    if position.number is None:
        return None
    numbered, index = _within(snapshot, paged, position)
    if index < len(numbered.page.parts):
        return _part(snapshot, paged, numbered, index + 1)
    following = numbered.page.next
    return _page(snapshot, paged, following) if following else front_of(snapshot, paged)


def _within(snapshot: Snapshot, paged: PagedList[Entry], position: Position[Entry]) -> tuple[Position[Entry], int]:
    """The numbered page that a position belongs to, and the index of its part."""
    if not position.page.part_of:
        return position, 0
    numbered = _page(snapshot, paged, position.page.part_of)
    numbers = [number for _, number in numbered.page.parts]
    return numbered, 1 + numbers.index(position.number or 0)


# Empty pages between two articles are skipped. After this many pages the article has no neighbour.
_MAX_STEPS = 3


def before(snapshot: Snapshot, paged: PagedList[Entry], position: Position[Entry], key: Key) -> Entry | None:
    """The next older entry than a key that belongs to `position`."""
    found: Position[Entry] | None = position
    for _ in range(_MAX_STEPS):
        if found is None:
            return None
        older = [entry for entry in found.page.entries if entry.key < key]
        if older:
            return older[-1]
        found = older_position(snapshot, paged, found)
    return None


def after(snapshot: Snapshot, paged: PagedList[Entry], position: Position[Entry], key: Key) -> Entry | None:
    """The next newer entry than a key that belongs to `position`."""
    found: Position[Entry] | None = position
    for _ in range(_MAX_STEPS):
        if found is None:
            return None
        newer = [entry for entry in found.page.entries if entry.key > key]
        if newer:
            return newer[0]
        found = newer_position(snapshot, paged, found)
    return None


def insert(change_set: ChangeSet, paged: PagedList[Entry], entry: Entry, hint: int, title: str = "") -> int:
    """Insert an entry, or replace the entry with the same key. Returns the hint to find it by."""
    position: Position[Entry] = find_position(change_set, paged, entry.key, hint)
    start, end = _range_of(position.page.entries, entry.key)
    entries: list[Entry] = list(position.page.entries)
    entries[start:end] = [entry]
    update: dict[str, object] = {"entries": tuple(entries)}
    if position.number is None and title:
        update["title"] = title
    page = position.page.model_copy(update=update)
    change_set.put(paged.page_name(position.number), page, paged.kind)
    _keep_limits(change_set, paged, Position(position.number, page))
    return position.number or page.last_number + 1


def remove(change_set: ChangeSet, paged: PagedList[Entry], key: Key, hint: int) -> None:
    """Remove an entry. No number changes. An empty list that never had a numbered page is deleted."""
    position = find_position(change_set, paged, key, hint)
    start, end = _range_of(position.page.entries, key)
    entries = position.page.entries[:start] + position.page.entries[end:]
    page = position.page.model_copy(update={"entries": entries})
    change_set.put(paged.page_name(position.number), None if is_unused(page) else page, paged.kind)


def _range_of(entries: Sequence[Entry], key: Key) -> tuple[int, int]:
    """Slice that holds the entry with this key; empty, at the insertion index, if there is none."""
    index: int = bisect_left(entries, key, key=lambda entry: entry.key)
    return index, index + (index < len(entries) and entries[index].key == key)


def size_of(paged: PagedList[Entry], page: ListPage[Entry]) -> int:
    """Size of a page, in the unit of the list's limits."""
    return len(page.entries) if paged.even else sum(entry.size for entry in page.entries)


def is_unused(page: ListPage[Entry]) -> bool:
    """Whether this is an empty front of a list that never had a numbered page: its document can be deleted."""
    return not page.entries and not page.last_number and not page.total and page.upper is None and not page.part_of


def _keep_limits(change_set: ChangeSet, paged: PagedList[Entry], position: Position[Entry]) -> None:
    size = size_of(paged, position.page)
    if position.number is None and size > paged.front_limit:
        _number_oldest(change_set, paged, position.page)
    elif paged.even and position.number is not None and size > paged.page_limit:
        _split(change_set, paged, position)


_LIKELY_PAGES = 3


def _need_numbered(change_set: ChangeSet, paged: PagedList[Entry], number: int, previous: int) -> None:
    """Load the new page and its predecessor; prefetch pages that this batch will probably create."""
    wanted: dict[str, type[Document]] = {paged.page_name(previous): paged.kind} if previous else {}
    try:
        change_set.need(wanted | {paged.page_name(number): paged.kind})
    except NotLoaded as error:
        likely = (paged.page_name(number + more) for more in range(1, _LIKELY_PAGES))
        raise NotLoaded({**error.missing, **dict.fromkeys(likely, paged.kind)}) from None


def _number_oldest(change_set: ChangeSet, paged: PagedList[Entry], front: ListPage[Entry]) -> None:
    """Move the front's oldest entries to a new numbered page."""
    number = front.last_number + 1
    _need_numbered(change_set, paged, number, front.newest)
    sizes = accumulate(entry.size for entry in front.entries[:-1])
    count = max(1, sum(size <= paged.page_size for size in sizes))
    oldest, rest = front.entries[:count], front.entries[count:]
    border = rest[0].key
    numbered = paged.kind(entries=oldest, lower=front.lower, upper=border, previous=front.newest)
    change_set.put(paged.page_name(number), numbered, paged.kind)
    if front.newest:
        previous = _page(change_set, paged, front.newest).page
        change_set.put(paged.page_name(front.newest), previous.model_copy(update={"next": number}), paged.kind)
    update = {"entries": rest, "lower": border, "newest": number, "last_number": number}
    change_set.put(paged.front, front.model_copy(update=update), paged.kind)


def _split(change_set: ChangeSet, paged: PagedList[Entry], position: Position[Entry]) -> None:
    """Move the newer half of an overfull page to a new part."""
    front = front_of(change_set, paged).page
    number, half = front.last_number + 1, len(position.page.entries) // 2
    older, newer = position.page.entries[:half], position.page.entries[half:]
    owner = position.page.part_of or position.number or 0
    part = paged.kind(entries=newer, lower=newer[0].key, part_of=owner, below=front.newest)
    change_set.put(paged.page_name(number), part, paged.kind)
    change_set.put(paged.page_name(position.number), position.page.model_copy(update={"entries": older}), paged.kind)
    numbered: ListPage[Entry] = _page(change_set, paged, owner).page
    parts = tuple(sorted((*numbered.parts, (newer[0].key, number))))
    change_set.put(paged.page_name(owner), numbered.model_copy(update={"parts": parts}), paged.kind)
    change_set.put(paged.front, front.model_copy(update={"last_number": number}), paged.kind)
