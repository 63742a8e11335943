"""Every event on every topic, declared once.

Models are only ever extended, by optional fields: readers ignore unknown fields.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared import topics
from shared.pictures import PictureFacts
from shared.times import UtcDatetime, rfc3339
from shared.topics import Topic

Window = Literal["1h", "24h", "7d", "30d", "all"]
WINDOWS: tuple[Window, ...] = ("1h", "24h", "7d", "30d", "all")
# A ranking: by the views of a window, by decayed views, or by views against the article's own past.
RankingName = Literal["1h", "24h", "7d", "30d", "all", "trending", "rising"]
RANKINGS: tuple[RankingName, ...] = (*WINDOWS, "trending", "rising")
# Where a reader came from.
ReferrerClass = Literal["search", "social", "site", "other", "none"]
REFERRERS: tuple[ReferrerClass, ...] = ("search", "social", "site", "other", "none")
# Why a view does not count. `crowd`: more visitors of one network than people are likely to be there.
DropReason = Literal["prefetch", "bot", "data-centre", "staff", "repeat", "crowd"]
DROP_REASONS: tuple[DropReason, ...] = ("prefetch", "bot", "data-centre", "staff", "repeat", "crowd")


class Event(BaseModel):
    """The base of all events. The subclasses are the catalogue."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ce_type: ClassVar[str]
    topic: ClassVar[Topic]
    source: ClassVar[str]

    def key(self) -> str:
        """The record's key on the topic."""
        raise NotImplementedError

    def event_id(self) -> str:
        """The event's id. A repeated event has the same one, so source and id identify duplicates."""
        raise NotImplementedError


class Picture(BaseModel):
    """An article's lead picture. `url` is absolute or a path on the public site.

    `media` has the facts of a picture in the paper's own store, from which the addresses of its variants follow.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    alt: str
    caption: str = ""
    credit: str = ""
    media: PictureFacts | None = None


class Correction(BaseModel):
    """A public correction: the note for readers, and its time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    note: str
    at: UtcDatetime


class TextPiece(BaseModel):
    """A run of words of a paragraph that two versions share, or that only the older or the newer one has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["same", "removed", "added"]
    text: str


class FieldDifference(BaseModel):
    """The changed paragraphs of one field (`headline`, `standfirst`, `body_markdown`, …) between two versions, in order."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    field: str
    paragraphs: tuple[tuple[TextPiece, ...], ...]


class PublicVersion(BaseModel):
    """A version that readers saw: its time, the correction's note, and what changed since the version before.

    `is_cut`: differences were left out. They were too long, a withdrawal took their text back, or they are not known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int
    at: UtcDatetime
    kind: Literal["published", "updated", "corrected", "republished"]
    note: str = ""
    differences: tuple[FieldDifference, ...] = ()
    is_cut: bool = False


class ArticleState(Event):
    """The whole article as readers see it after a change. `version` counts the article's changes.

    `url` is the public path; `former_urls` are paths that redirect to it; `published_at` is the first publication.
    `history` has the public versions, oldest first, when readers may see them; its size is bounded.
    """

    topic: ClassVar[Topic] = topics.ARTICLES
    source: ClassVar[str] = "/ingestion"

    id: str
    version: int
    status: Literal["published", "withdrawn"]
    slug: str
    url: str
    former_urls: tuple[str, ...] = ()
    headline: str
    section: str
    standfirst: str = ""
    body_html: str = ""
    body_markdown: str = ""
    bylines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = "en"
    lead_image: Picture | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    published_at: UtcDatetime
    corrected_at: UtcDatetime | None = None
    corrections: tuple[Correction, ...] = ()
    comments_open: bool = True
    history: tuple[PublicVersion, ...] = ()

    def key(self) -> str:
        return self.id

    def event_id(self) -> str:
        return f"{self.id}:{self.version}"


class ArticlePublished(ArticleState):
    """An article was published, updated, or published again after a withdrawal."""

    ce_type: ClassVar[str] = "world-monitor.article.published.v1"


class ArticleCorrected(ArticleState):
    """An article was corrected, with a public note."""

    ce_type: ClassVar[str] = "world-monitor.article.corrected.v1"


class ArticleWithdrawn(ArticleState):
    """An article was withdrawn and must disappear everywhere. The event carries no text."""

    ce_type: ClassVar[str] = "world-monitor.article.withdrawn.v1"


class Votes(BaseModel):
    """Readers' votes for a comment and against it."""

    model_config = ConfigDict(frozen=True)

    up: int = 0
    down: int = 0


class CommentState(Event):
    """The whole comment after a change, without e-mail or IP address. `root_id` is the first comment of its thread."""

    topic: ClassVar[Topic] = topics.COMMENTS
    source: ClassVar[str] = "/comments"

    id: str
    version: int
    article_id: str
    parent_id: str | None = None
    root_id: str
    name: str
    website: str | None = None
    body: str
    body_html: str
    status: Literal["published", "pending", "rejected", "removed"]
    created_at: UtcDatetime
    edited_at: UtcDatetime | None = None
    votes: Votes = Votes()
    picked: bool = False

    def key(self) -> str:
        return self.id

    def event_id(self) -> str:
        return f"{self.id}:{self.version}"


class CommentPublished(CommentState):
    """A comment became visible: accepted at once, or approved by a moderator."""

    ce_type: ClassVar[str] = "world-monitor.comment.published.v1"


class CommentHeld(CommentState):
    """A comment waits for moderation."""

    ce_type: ClassVar[str] = "world-monitor.comment.held.v1"


class CommentRejected(CommentState):
    """A moderator rejected a held comment."""

    ce_type: ClassVar[str] = "world-monitor.comment.rejected.v1"


class CommentRemoved(CommentState):
    """A moderator removed a published comment. Its replies stay."""

    ce_type: ClassVar[str] = "world-monitor.comment.removed.v1"


class DiscussionChanged(Event):
    """A discussion was closed or opened, by a moderator or by its age, or the site's votes were. `id` is `discussion:{article_id}`.

    An article's own `comments_open` comes first: a discussion is open when both are. `votes`: whether readers may vote.
    """

    ce_type: ClassVar[str] = "world-monitor.discussion.changed.v1"
    topic: ClassVar[Topic] = topics.COMMENTS
    source: ClassVar[str] = "/comments"

    id: str
    version: int
    article_id: str
    open: bool
    closes_at: UtcDatetime | None = None
    votes: bool = True

    def key(self) -> str:
        return self.id

    def event_id(self) -> str:
        return f"{self.id}:{self.version}"


class PageViewed(Event):
    """A page view was accepted. It does not identify the reader.

    `visitor` is the reader's name for one day of the site, 16 hex digits; the key that made it is destroyed after the day.
    It is empty for a view without one. A view with `dropped` does not count.
    """

    ce_type: ClassVar[str] = "world-monitor.page.viewed.v1"
    topic: ClassVar[Topic] = topics.VIEWS
    source: ClassVar[str] = "/popularity"

    id: UUID
    article_id: str
    section: str
    viewed_at: UtcDatetime
    referrer: ReferrerClass = "none"
    referrer_host: str = ""
    visitor: str = ""
    dropped: DropReason | None = None

    def key(self) -> str:
        return self.article_id

    def event_id(self) -> str:
        return str(self.id)


class ViewsAdjusted(Event):
    """An admin corrected an article's views for proven fraud: `views` (mostly negative) count at `window_start`."""

    ce_type: ClassVar[str] = "world-monitor.views.adjusted.v1"
    topic: ClassVar[Topic] = topics.VIEWS
    source: ClassVar[str] = "/popularity"

    id: UUID
    article_id: str
    views: int
    window_start: UtcDatetime
    reason: str
    by: str
    adjusted_at: UtcDatetime

    def key(self) -> str:
        return self.article_id

    def event_id(self) -> str:
        return str(self.id)


class RankedArticle(BaseModel):
    """One line of a ranking, with everything a page shows of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    article_id: str
    headline: str
    url: str
    section: str
    language: str = "en"
    views: int
    score: float | None = None


class RankingComputed(Event):
    """The first articles of a ranking, over the whole site (`section` None) or one section, at most 100.

    `covers` is the offset up to which each partition of views.v1 is counted. Of two rankings with the same key, the one
    that is later in the log is valid.
    """

    ce_type: ClassVar[str] = "world-monitor.ranking.computed.v1"
    topic: ClassVar[Topic] = topics.RANKINGS
    source: ClassVar[str] = "/popularity"

    window: RankingName
    section: str | None = None
    computed_at: UtcDatetime
    items: tuple[RankedArticle, ...] = ()
    covers: Mapping[str, int] = {}

    def key(self) -> str:
        return f"{self.window}:{self.section or ''}"

    def event_id(self) -> str:
        return f"{self.key()}:{rfc3339(self.computed_at)}"


class RankingsChecked(Event):
    """The rankings that are earlier in the log have all views that were in the log at `checked_at`.

    Sent every few seconds, so that readers can tell a quiet hour from a counter that stands still or is behind.
    """

    ce_type: ClassVar[str] = "world-monitor.rankings.checked.v1"
    topic: ClassVar[Topic] = topics.RANKINGS
    source: ClassVar[str] = "/popularity"

    checked_at: UtcDatetime

    def key(self) -> str:
        return "checked"

    def event_id(self) -> str:
        return f"{self.key()}:{rfc3339(self.checked_at)}"


class DocumentChanged(Event):
    """A document of the read model is now at `version`: caches must not serve an older one.

    `changed_at` is the time of the owner's commit, `projected_at` the time of the read model's. Versions are only valid
    inside the read model numbered `read_model`.
    """

    ce_type: ClassVar[str] = "world-monitor.page.moved.v1"
    topic: ClassVar[Topic] = topics.PAGES
    source: ClassVar[str] = "/rendering"

    dependency: str
    version: int
    changed_at: UtcDatetime
    projected_at: UtcDatetime
    read_model: int | None = None

    def key(self) -> str:
        return self.dependency

    def event_id(self) -> str:
        return f"{self.dependency}:{self.version}"


class Erased(Event):
    """The entity with this key was erased. Never encoded: a tombstone (a null value) decodes to it."""

    ce_type: ClassVar[str] = ""

    id: str

    def key(self) -> str:
        return self.id

    def event_id(self) -> str:
        return f"{self.id}:erased"


CATALOGUE: tuple[type[Event], ...] = (
    ArticlePublished,
    ArticleCorrected,
    ArticleWithdrawn,
    CommentPublished,
    CommentHeld,
    CommentRejected,
    CommentRemoved,
    DiscussionChanged,
    PageViewed,
    ViewsAdjusted,
    RankingComputed,
    RankingsChecked,
    DocumentChanged,
)
