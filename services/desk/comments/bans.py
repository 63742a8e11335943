"""Bans as the moderators' pages show them, and the ban that a form asks for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.desk.comments.items import is_for_ever, text_of
from services.desk.visit import moment_of
from shared.times import rfc3339

KINDS = ("mute", "ban")
TARGETS = ("email", "network", "visitor")
# Days of a ban. Empty: without an end.
DAYS = ("1", "7", "30", "365", "")
# For templates.
BAN_CHOICES: Mapping[str, Sequence[str]] = {"kinds": KINDS, "targets": TARGETS, "days": DAYS}


@dataclass(frozen=True)
class ShownBan:
    """A ban, or a mute: comments of a muted author wait. `what` is one of TARGETS.

    A ban of a comment's author has no `value`, but the comment's id and name.
    """

    id: str
    kind: str
    what: str
    value: str
    until: datetime | None
    reason: str
    by: str
    at: datetime | None
    comment_id: str
    name: str

    @property
    def is_for_ever(self) -> bool:
        """Whether it has no end."""
        return is_for_ever(self.until)


def ban_of(item: Mapping[str, object]) -> ShownBan:
    """A ban from an answer of comments."""
    what = text_of(item, "what") or next((name for name in TARGETS if item.get(name)), "")
    return ShownBan(
        id=text_of(item, "id"),
        kind=text_of(item, "kind"),
        what=what,
        value=text_of(item, "value") or text_of(item, what),
        until=moment_of(item.get("until")),
        reason=text_of(item, "reason"),
        by=text_of(item, "by"),
        at=moment_of(item.get("at")),
        comment_id=text_of(item, "comment_id"),
        name=text_of(item, "name"),
    )


def wanted_ban(values: Mapping[str, str], now: datetime) -> Mapping[str, object]:
    """The body of a new ban from a form: of a comment's author (`what`), or of a typed e-mail address or network."""
    days = values.get("days", "")
    body: dict[str, object] = {
        "kind": values.get("kind", ""),
        "reason": values.get("reason", "").strip(),
        "until": rfc3339(now + timedelta(days=int(days))) if days in DAYS and days else None,
    }
    if comment := values.get("comment_id", ""):
        return {**body, "comment_id": comment, "what": values.get("what", "")}
    typed = values.get("whom", "").strip()
    return {**body, ("email" if "@" in typed else "network"): typed}


def form_errors(found: Mapping[str, str]) -> Mapping[str, str]:
    """The errors of comments by the names of the form's fields."""
    names = {"email": "whom", "network": "whom", "until": "days"}
    return {names.get(name, name): text for name, text in found.items()}
