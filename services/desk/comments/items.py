"""A comment of the moderators' lists as pages show it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.desk.visit import moment_of

# Which acts make sense, by status. A comment that was rejected as spam has the status "rejected".
_ACTIONS: Mapping[str, Sequence[str]] = {
    "pending": ("approve", "reject", "remove"),
    "published": ("remove",),
    "rejected": ("approve",),
    "removed": (),
}


@dataclass(frozen=True)
class ModeratedComment:
    """One comment."""

    id: str
    version: str
    status: str
    name: str
    website: str
    body: str
    created_at: datetime | None

    @property
    def actions(self) -> Sequence[str]:
        """The decisions that its status allows."""
        return _ACTIONS.get(self.status, ())


def comment_of(item: Mapping[str, object]) -> ModeratedComment:
    """A comment from an answer of comments."""
    return ModeratedComment(
        id=str(item["id"]),
        version=str(item.get("version", "")),
        status=str(item.get("status", "")),
        name=str(item.get("name") or ""),
        website=str(item.get("website") or ""),
        body=str(item.get("body") or ""),
        created_at=moment_of(item.get("created_at")),
    )
