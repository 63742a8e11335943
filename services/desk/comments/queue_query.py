"""The queue in the page's address, and links that keep it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

PATH = "/desk/comments"
QUEUES = ("pending", "reported", "approved", "rejected", "spam")
# The queues whose oldest comments come first: they have waited longest.
_OLDEST_FIRST = frozenset({"pending", "reported"})
_ORDERS = ("oldest", "newest")


@dataclass(frozen=True)
class QueueQuery:
    """The queue, the words that are looked for, a chosen order, and the place in the list."""

    queue: str = "pending"
    q: str = ""
    sort: str = ""
    cursor: str = ""

    @property
    def order(self) -> str:
        """`oldest` or `newest`: which comments come first."""
        return self.sort or ("oldest" if self.queue in _OLDEST_FIRST else "newest")

    @property
    def filters(self) -> Mapping[str, str]:
        """The parameters of the list, by the names of comments, without empty ones."""
        given = {"queue": self.queue, "q": self.q, "sort": self.sort}
        return {name: value for name, value in given.items() if value}

    @property
    def path(self) -> str:
        """The address of the first page."""
        return _path(self.filters)

    def here(self, **more: str) -> str:
        """The address of this page with further parameters."""
        return _path({**self.filters, **({"cursor": self.cursor} if self.cursor else {}), **more})

    def to_queue(self, name: str) -> str:
        """The address of another queue, with the same words."""
        return _path({"queue": name, **({"q": self.q} if self.q else {})})

    def older(self, cursor: object) -> str:
        """The address of the next page."""
        return _path({**self.filters, "cursor": str(cursor)})


def read_queue(query: Mapping[str, str]) -> QueueQuery:
    """The queue of an address. An unknown queue is the first one."""
    queue, sort = query.get("queue", ""), query.get("sort", "")
    return QueueQuery(
        queue if queue in QUEUES else QUEUES[0],
        query.get("q", "").strip(),
        sort if sort in _ORDERS else "",
        query.get("cursor", ""),
    )


def _path(filters: Mapping[str, str]) -> str:
    return f"{PATH}?{urlencode(filters)}"
