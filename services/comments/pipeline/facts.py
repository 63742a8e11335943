"""Values of the moderation pipeline: the facts about a comment, and the verdict."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.comments.model.moderation_records import AuthorRecord
from services.comments.model.records import Reason
from services.comments.model.rules import Mode, Status

Decided = Literal["published", "pending", "rejected"]
Effect = Literal["hold", "reject", "spam"]


@dataclass(frozen=True)
class Facts:
    """A new or edited comment and what was read for it, before a decision.

    `mode`: the story's mode, None for the site's. `repeats`: the author's comments with the same text under other stories, of the
    last days. `seconds_on_form`: None when the browser does not tell. `trap`: content of the field that people do not see.
    `muted_until`: the end of a mute that matches the author. `site_host`: links to this host are not counted. `article_id` and
    `language` are for the webhook.
    """

    name: str
    website: str | None
    body: str
    trusted: bool = False
    author: AuthorRecord = field(default_factory=AuthorRecord)
    parent: Status | None = None
    mode: Mode | None = None
    repeats: int = 0
    seconds_on_form: float | None = None
    trap: str = ""
    muted_until: datetime | None = None
    is_edit: bool = False
    site_host: str = ""
    article_id: str = ""
    language: str = ""


@dataclass(frozen=True)
class Finding:
    """The result of one phase: the effect on the comment, and why. `spam` is a rejection, too."""

    effect: Effect
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Verdict:
    """The status of a comment and its reasons, the decisive one first. A rejected one may be spam."""

    status: Decided
    reasons: tuple[Reason, ...] = ()
    spam: bool = False
