"""Acts on an article: their forms, what each page says will happen, and when an act makes no sense. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.desk.articles.copy import LISTS, ArticleFacts, own_picture, sent_picture

Asked = Literal["nothing", "text", "time"]
# Fields of a working copy that a replacement must send again.
_KEPT = ("headline", "section", "body_markdown", "standfirst", "slug", "language", "history_public", *LISTS)


@dataclass(frozen=True)
class Act:
    """An act: its name in addresses and words, and the field that its form asks for."""

    name: str
    field: str = ""
    asks: Asked = "nothing"
    # Editors and admins alone.
    decides: bool = True


ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        Act("publish"),
        Act("correct", "note", "text"),
        Act("withdraw", "reason", "text"),
        Act("schedule", "publish_at", "time"),
        Act("unschedule"),
        Act("submit", decides=False),
        Act("return", "note", "text"),
        Act("embargo", "embargo_until", "time", decides=False),
        Act("lift-embargo", decides=False),
        Act("restore", decides=False),
    )
}


def ask_of(act: Act, article: ArticleFacts) -> str:
    """The name of the text that says what the act will do: `ask.<name>` in the words."""
    if act.name == "publish" and article.status == "withdrawn":
        return "publish_back"
    if act.name == "publish" and article.status == "published":
        return "publish_update" if article.is_changed else "publish_again"
    if act.name == "schedule" and article.status == "published":
        return "schedule_update"
    return act.name.replace("-", "_")


def hindrance_of(act: Act, article: ArticleFacts, now: datetime) -> str:
    """Why the act makes no sense now: `hindered.<name>` in the words; empty when it does."""
    under_embargo = article.embargo_until is not None and article.embargo_until > now
    checks = {
        "publish": (under_embargo, "embargo"),
        "correct": (article.status != "published", "not_published"),
        "withdraw": (article.status != "published", "not_published"),
        "unschedule": (article.scheduled_for is None, "not_scheduled"),
        "submit": (article.submitted_at is not None, "submitted"),
        "return": (article.submitted_at is None, "not_submitted"),
        "lift-embargo": (article.embargo_until is None, "no_embargo"),
    }
    is_hindered, name = checks.get(act.name, (False, ""))
    if act.name == "correct" and under_embargo:
        return "embargo"
    return name if is_hindered else ""


def copy_of(found: Mapping[str, object], embargo_until: str | None) -> dict[str, object]:
    """The working copy of an answer as a replacement sends it, with another embargo."""
    sent: dict[str, object] = {name: found[name] for name in _KEPT if name in found}
    picture = found.get("lead_image")
    if isinstance(picture, Mapping):
        sent["lead_image"] = sent_picture(own_picture(picture))
    return {**sent, "embargo_until": embargo_until}


def is_complete(found: Mapping[str, object]) -> bool:
    """Whether an explicit save would accept the working copy; otherwise only an automatic one does."""
    picture = found.get("lead_image")
    return bool(found["headline"] and found["body_markdown"]) and (
        not isinstance(picture, Mapping) or bool(picture.get("media_id") or picture.get("alt"))
    )
