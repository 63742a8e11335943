"""The queue in the page's address, and links that keep it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

PATH = "/desk/comments"
# Queues by name, with the status that comments lists for each.
QUEUES: Mapping[str, str] = {"pending": "pending", "approved": "published", "rejected": "rejected"}


@dataclass(frozen=True)
class QueueQuery:
    """The queue and the place in it."""

    queue: str = "pending"
    cursor: str = ""

    def to_queue(self, name: str) -> str:
        """The address of another queue."""
        return f"{PATH}?{urlencode({'queue': name})}"

    def older(self, cursor: object) -> str:
        """The address of the next page."""
        return f"{PATH}?{urlencode({'queue': self.queue, 'cursor': str(cursor)})}"


def read_queue(query: Mapping[str, str]) -> QueueQuery:
    """The queue of an address. An unknown queue is the first one."""
    wanted = query.get("queue", "")
    return QueueQuery(wanted if wanted in QUEUES else "pending", query.get("cursor", ""))
