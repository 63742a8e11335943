"""Corrections of views: as the pages show them, and the one that a form asks for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.desk.articles.act_times import read_time
from services.desk.forms import Form
from services.desk.numbers.series import whole
from services.desk.visit import moment_of
from services.desk.words import Words
from shared.times import rfc3339


@dataclass(frozen=True)
class Adjustment:
    """Views that an admin has added, or taken when negative, for the hour of `window_start`."""

    article_id: str
    views: int
    window_start: datetime | None
    reason: str
    by: str
    at: datetime | None


def adjustments_of(found: object) -> Sequence[Adjustment]:
    """The adjustments in an answer, the newest first."""
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    return sorted(map(_adjustment, items), key=lambda one: one.at.timestamp() if one.at else 0, reverse=True)


def wanted_adjustment(
    values: Mapping[str, str], article_id: str, words: Words, zone: ZoneInfo, now: datetime
) -> tuple[Mapping[str, object], Form]:
    """The body of an adjustment from a form, and the form with its errors. Send the body only when it has none."""
    errors = {}
    views = _signed(values.get("views", ""))
    if not views:
        errors["views"] = words.text("adjust.no_views")
    typed = read_time(values.get("hour", ""), values.get("reading", "earlier") or "earlier", zone, now)
    if typed.moment is None:
        errors["hour"] = words.text("adjust.no_hour")
    elif typed.moment > now:
        errors["hour"] = words.text("adjust.later")
    reason = values.get("reason", "").strip()
    if not reason:
        errors["reason"] = words.text("adjust.no_reason")
    # An hour of the counts begins with a full hour of the newsroom, which is half past in UTC in some zones.
    hour = None if typed.moment is None else typed.moment.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    start = "" if hour is None else rfc3339(hour)
    body = {"article_id": article_id, "views": views, "window_start": start, "reason": reason}
    form = Form(values, errors, words.text("adjust.look_again")) if errors else Form(values)
    return body, form


def _signed(text: str) -> int:
    """A whole number with a sign in the digits of any script; 0 for what is none."""
    tidy = text.strip().replace("−", "-")
    try:
        return int(tidy)
    except ValueError:
        return 0


def _adjustment(item: Mapping[str, object]) -> Adjustment:
    return Adjustment(
        article_id=str(item.get("article_id") or ""),
        views=whole(item, "views"),
        window_start=moment_of(item.get("window_start")),
        reason=str(item.get("reason") or ""),
        by=str(item.get("by") or ""),
        at=moment_of(item.get("at")),
    )
