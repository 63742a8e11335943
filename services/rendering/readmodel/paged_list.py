"""Long rows of entries in pages of bounded size: lists of cards, an article's threads. Pure, over a shelf.

The newest entries are the front. When it overflows, its oldest become the next numbered page, so that numbers count from
the oldest and a page keeps its number and its range of time for ever. What is taken out leaves numbers alone; what is
dated back goes to the page of its date, and a page that such entries overfill is split into parts. The page of a date is
found by bisection over numbers, beginning at a hint: no document grows with the row, and nothing is scanned.
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
    StoredSitemapEntry,
    StoredSitemapPage,
    StoredThread,
    StoredThreadPage,
)
from services.rendering.readmodel.names import SITEMAP, list_series, threads_name
from services.rendering.readmodel.snapshot import ChangeSet, NotLoaded, Snapshot


@dataclass(frozen=True)
class PagedList(Generic[Entry]):
    """A row: what its documents are called, and how large its pages get.

    A front of more than `front_most` is too long: its oldest `page` become a numbered page. A numbered page of more than
    `leaf_most` is split. All three are in entries, of which a large one counts for several if they are not `even`.
    """

    base: str
    front: str
    kind: type[ListPage[Entry]]
    page: int
    front_most: int
    leaf_most: int
    even: bool

    def leaf_name(self, number: int | None) -> str:
        """The document of a page; None is the front."""
        return self.front if number is None else f"{self.base}:{number}"


# 24 divides by 2, 3 and 4 columns. A front holds 12 to 35 cards: full enough at any time, and no page overlaps another.
def cards_of(listing: str) -> PagedList[StoredCard]:
    """The row of a list's cards."""
    base = list_series(listing)
    return PagedList(base, f"{base}:front", StoredCardPage, page=24, front_most=35, leaf_most=48, even=True)


def threads_of(article_id: str) -> PagedList[StoredThread]:
    """The row of an article's threads."""
    base = threads_name(article_id)
    return PagedList(base, base, StoredThreadPage, page=50, front_most=74, leaf_most=100, even=False)


# An entry is 150 bytes: a front of so many weighs what a list's front does, and each event reads and writes one.
SITEMAP_ENTRIES: PagedList[StoredSitemapEntry] = PagedList(
    SITEMAP, f"{SITEMAP}:front", StoredSitemapPage, page=100, front_most=150, leaf_most=200, even=True
)


@dataclass(frozen=True)
class Position(Generic[Entry]):
    """A page of a row as found; `number` is None for the front."""

    number: int | None
    leaf: ListPage[Entry]


def front_of(shelf: Snapshot, row: PagedList[Entry]) -> Position[Entry]:
    """The newest entries; an empty front where there is no such row."""
    return Position(None, shelf.get(row.front, row.kind) or row.kind())


def page_of(shelf: Snapshot, row: PagedList[Entry], number: int) -> Position[Entry] | None:
    """A page by its number, None where there is no such page."""
    leaf = shelf.get(row.leaf_name(number), row.kind)
    return None if leaf is None else Position(number, leaf)


def spot_of(shelf: Snapshot, row: PagedList[Entry], key: Key, hint: int) -> Position[Entry]:
    """The page to which a key belongs."""
    front = front_of(shelf, row)
    if key >= front.leaf.lower:
        return front
    page = _bisect(shelf, row, key, hint, front.leaf.newest)
    part = bisect_right(page.leaf.parts, (key, _HIGHEST))
    return _part(shelf, row, page, part)


_HIGHEST = 1 << 60


def _bisect(shelf: Snapshot, row: PagedList[Entry], key: Key, hint: int, newest: int) -> Position[Entry]:
    """The numbered page whose range holds the key: galloping from the hint, then halving.

    Parts have numbers between pages' numbers but no place in their order: each points to the page below it.
    """
    low, high, step = 1, newest, 1
    probe = min(max(hint, low), high)
    while True:
        page = _page(shelf, row, probe)
        below = page.leaf.below or probe
        if page.leaf.below:
            page = _page(shelf, row, below)
        if below < low or (page.leaf.upper is not None and key >= page.leaf.upper):
            low = probe + 1
            probe = min(probe + step, (low + high + 1) // 2)
        elif key < page.leaf.lower:
            high = below - 1
            probe = max(below - step, (low + high) // 2)
        else:
            return Position(below, page.leaf)
        step *= 2


def _page(shelf: Snapshot, row: PagedList[Entry], number: int) -> Position[Entry]:
    found = page_of(shelf, row, number)
    if found is None:
        raise LookupError(f"{row.base} has no page {number}")
    return found


def _part(shelf: Snapshot, row: PagedList[Entry], page: Position[Entry], position: int) -> Position[Entry]:
    """A part by its place in its page's order: 0 is the page's own document, the oldest."""
    return page if position == 0 else _page(shelf, row, page.leaf.parts[position - 1][1])


def older_spot(shelf: Snapshot, row: PagedList[Entry], spot: Position[Entry]) -> Position[Entry] | None:
    """The page before, None at the oldest."""
    page, position = _within(shelf, row, spot)
    if position > 0:
        return _part(shelf, row, page, position - 1)
    number = page.leaf.newest if page.number is None else page.leaf.previous
    if number == 0:
        return None
    previous = _page(shelf, row, number)
    return _part(shelf, row, previous, len(previous.leaf.parts))


def newer_spot(shelf: Snapshot, row: PagedList[Entry], spot: Position[Entry]) -> Position[Entry] | None:
    """The page after, None at the front."""
    if spot.number is None:
        return None
    page, position = _within(shelf, row, spot)
    if position < len(page.leaf.parts):
        return _part(shelf, row, page, position + 1)
    return _page(shelf, row, page.leaf.next) if page.leaf.next else front_of(shelf, row)


def _within(shelf: Snapshot, row: PagedList[Entry], spot: Position[Entry]) -> tuple[Position[Entry], int]:
    """The numbered page that a spot is part of, and the spot's place in it."""
    if not spot.leaf.part_of:
        return spot, 0
    page = _page(shelf, row, spot.leaf.part_of)
    return page, 1 + next(place for place, (_, number) in enumerate(page.leaf.parts) if number == spot.number)


# An emptied page between two articles is stepped over; so many in a row, and there is no neighbour to show.
_MOST_STEPS = 3


def before(shelf: Snapshot, row: PagedList[Entry], spot: Position[Entry], key: Key) -> Entry | None:
    """The entry next older than a key, which belongs to `spot`."""
    found: Position[Entry] | None = spot
    for _ in range(_MOST_STEPS):
        if found is None:
            return None
        older = [entry for entry in found.leaf.entries if entry.key < key]
        if older:
            return older[-1]
        found = older_spot(shelf, row, found)
    return None


def after(shelf: Snapshot, row: PagedList[Entry], spot: Position[Entry], key: Key) -> Entry | None:
    """The entry next newer than a key, which belongs to `spot`."""
    found: Position[Entry] | None = spot
    for _ in range(_MOST_STEPS):
        if found is None:
            return None
        newer = [entry for entry in found.leaf.entries if entry.key > key]
        if newer:
            return newer[0]
        found = newer_spot(shelf, row, found)
    return None


def insert(draft: ChangeSet, row: PagedList[Entry], entry: Entry, hint: int, title: str = "") -> int:
    """Put an entry in its place, instead of the one with its key if there is one; returns the hint to find it by."""
    spot: Position[Entry] = spot_of(draft, row, entry.key, hint)
    at, end = _place(spot.leaf.entries, entry.key)
    entries: list[Entry] = list(spot.leaf.entries)
    entries[at:end] = [entry]
    changes: dict[str, object] = {"entries": tuple(entries)}
    if spot.number is None and title:
        changes["title"] = title
    leaf = spot.leaf.model_copy(update=changes)
    draft.put(row.leaf_name(spot.number), leaf, row.kind)
    _keep_bounds(draft, row, Position(spot.number, leaf))
    return spot.number or leaf.last_number + 1


def remove(draft: ChangeSet, row: PagedList[Entry], key: Key, hint: int) -> None:
    """Take an entry out; numbers stay as they are, and a row that never had a numbered page and is now empty goes."""
    spot = spot_of(draft, row, key, hint)
    at, end = _place(spot.leaf.entries, key)
    leaf = spot.leaf.model_copy(update={"entries": spot.leaf.entries[:at] + spot.leaf.entries[end:]})
    draft.put(row.leaf_name(spot.number), None if is_bare(leaf) else leaf, row.kind)


def _place(entries: Sequence[Entry], key: Key) -> tuple[int, int]:
    """From where to where the entry with a key stands; an empty range where it would, if it is not there."""
    at: int = bisect_left(entries, key, key=lambda entry: entry.key)
    return at, at + (at < len(entries) and entries[at].key == key)


def size_of(row: PagedList[Entry], leaf: ListPage[Entry]) -> int:
    """How full a page is, in the row's measure."""
    return len(leaf.entries) if row.even else sum(entry.size for entry in leaf.entries)


def is_bare(leaf: ListPage[Entry]) -> bool:
    """Whether this is the front of a row that has nothing and never had a numbered page: it need not be kept."""
    return not leaf.entries and not leaf.last_number and not leaf.total and leaf.upper is None and not leaf.part_of


def _keep_bounds(draft: ChangeSet, row: PagedList[Entry], spot: Position[Entry]) -> None:
    size = size_of(row, spot.leaf)
    if spot.number is None and size > row.front_most:
        _number_oldest(draft, row, spot.leaf)
    elif spot.number is not None and size > row.leaf_most:
        _split(draft, row, spot)


_LIKELY_PAGES = 3


def _ask_for_numbered(draft: ChangeSet, row: PagedList[Entry], number: int, previous: int) -> None:
    """The page that comes to be and the one before; with them those that the same unit's other events are likely to make."""
    before: dict[str, type[Document]] = {row.leaf_name(previous): row.kind} if previous else {}
    try:
        draft.need(before | {row.leaf_name(number): row.kind})
    except NotLoaded as error:
        likely = (row.leaf_name(number + more) for more in range(1, _LIKELY_PAGES))
        raise NotLoaded({**error.missing, **dict.fromkeys(likely, row.kind)}) from None


def _number_oldest(draft: ChangeSet, row: PagedList[Entry], front: ListPage[Entry]) -> None:
    """Make a numbered page of the front's oldest."""
    number = front.last_number + 1
    _ask_for_numbered(draft, row, number, front.newest)
    sizes = accumulate(entry.size for entry in front.entries[:-1])
    count = max(1, sum(size <= row.page for size in sizes))
    oldest, rest = front.entries[:count], front.entries[count:]
    border = rest[0].key
    page = row.kind(entries=oldest, lower=front.lower, upper=border, previous=front.newest)
    draft.put(row.leaf_name(number), page, row.kind)
    if front.newest:
        previous = _page(draft, row, front.newest).leaf
        draft.put(row.leaf_name(front.newest), previous.model_copy(update={"next": number}), row.kind)
    left = {"entries": rest, "lower": border, "newest": number, "last_number": number}
    draft.put(row.front, front.model_copy(update=left), row.kind)


def _split(draft: ChangeSet, row: PagedList[Entry], spot: Position[Entry]) -> None:
    """Make a part of an overfull page's newer half."""
    front = front_of(draft, row).leaf
    number, half = front.last_number + 1, len(spot.leaf.entries) // 2
    older, newer = spot.leaf.entries[:half], spot.leaf.entries[half:]
    page = spot.leaf.part_of or spot.number or 0
    part = row.kind(entries=newer, lower=newer[0].key, part_of=page, below=front.newest)
    draft.put(row.leaf_name(number), part, row.kind)
    draft.put(row.leaf_name(spot.number), spot.leaf.model_copy(update={"entries": older}), row.kind)
    whole: ListPage[Entry] = _page(draft, row, page).leaf
    parts = tuple(sorted((*whole.parts, (newer[0].key, number))))
    draft.put(row.leaf_name(page), whole.model_copy(update={"parts": parts}), row.kind)
    draft.put(row.front, front.model_copy(update={"last_number": number}), row.kind)
