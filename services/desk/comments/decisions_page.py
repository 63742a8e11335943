"""The decisions of all moderators, newest first, and undoing one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.desk.comments.calls import read
from services.desk.comments.decisions import undo
from services.desk.comments.items import number_of, text_of
from services.desk.comments.moderators import moderators_only
from services.desk.comments.queue_query import PATH
from services.desk.forms import read_form
from services.desk.visit import items_of, moment_of, page, see_other

_PATH = f"{PATH}/decisions"
_LIMIT = "50"


@dataclass(frozen=True)
class ShownDecision:
    """A decision about one comment or several; or a change of a ban, of a discussion or of the settings, with its `detail`."""

    id: str
    action: str
    reason: str
    by: str
    at: datetime | None
    ids: Sequence[str]
    changed: int
    is_undone: bool
    detail: Mapping[str, str]

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something to take back."""
        return self.action != "undo" and not self.is_undone and self.changed > 0


@moderators_only
async def show_decisions(request: web.Request) -> web.Response:
    """A page of decisions."""
    found = await read(request, "/decisions", limit=_LIMIT, cursor=request.query.get("cursor"))
    decisions = [decision_of(item) for item in items_of(found)]
    conflicts = request.query.get("conflicts", "")
    return page(
        request, "comments/decisions.html", decisions=decisions, next_cursor=found.get("next_cursor"),
        conflicts=int(conflicts) if conflicts.isdecimal() else 0,
    )  # fmt: skip


@moderators_only
async def undo_decision(request: web.Request) -> web.Response:
    """Take a decision back; comments that were changed since stay as they are."""
    values = await read_form(request)
    result = await undo(request, {**values, "decision": request.match_info["id"]})
    return see_other(f"{_PATH}?conflicts={len(result.conflicts)}" if result.conflicts else _PATH)


def decision_of(item: Mapping[str, object]) -> ShownDecision:
    """A decision from an answer of comments."""
    ids, detail = item.get("ids"), item.get("detail")
    known = [str(one) for one in ids] if isinstance(ids, list) else []
    return ShownDecision(
        id=text_of(item, "decision_id") or text_of(item, "id"),
        action=text_of(item, "action"),
        reason=text_of(item, "reason"),
        by=text_of(item, "by"),
        at=moment_of(item.get("at")),
        ids=known,
        changed=number_of(item, "changed") or len(known),
        is_undone=bool(item.get("undone")),
        detail={str(name): str(value) for name, value in detail.items()} if isinstance(detail, dict) else {},
    )


ROUTES = [
    web.get(_PATH, show_decisions),
    web.post(_PATH + "/{id:[A-Za-z0-9_-]{1,64}}/undo", undo_decision),
]
