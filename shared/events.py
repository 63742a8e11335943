"""Every event on every topic, declared once, and its CloudEvents 1.0 form in Kafka's binary mode.

Headers `ce_*`, `content-type` and `traceparent`; the value is the event's JSON; the key is what the topic is keyed by.
Models are only ever extended, by optional fields: readers ignore what they do not know.
(https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from shared import topics
from shared.errors import InvalidMessage
from shared.process.tracing import current_traceparent
from shared.times import UtcDatetime, now, rfc3339
from shared.topics import Topic

Window = Literal["1h", "24h", "7d", "30d", "all"]
WINDOWS: tuple[Window, ...] = ("1h", "24h", "7d", "30d", "all")
Header = tuple[str, bytes]


@dataclass(frozen=True)
class Message:
    """What is handed to a producer: ready bytes. `value` None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[Header, ...]


@dataclass(frozen=True)
class Record:
    """What a consumer got: one record as it lay in the log, undecoded."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: tuple[Header, ...]
    timestamp_ms: int

    def header(self, name: str) -> str | None:
        """The header's text, or None."""
        return next(((value or b"").decode("utf-8", "replace") for key, value in self.headers if key == name), None)


class Event(BaseModel):
    """Something that has happened. Subclasses are the catalogue: their docstring says what, their fields what is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ce_type: ClassVar[str]
    topic: ClassVar[Topic]
    source: ClassVar[str]

    def key(self) -> str:
        """What the topic is keyed by."""
        raise NotImplementedError

    def event_id(self) -> str:
        """The event's id, the same at each repetition, so that source + id tells duplicates."""
        raise NotImplementedError


class Picture(BaseModel):
    """An article's lead picture. `url` is absolute or a path on the public site."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    alt: str
    caption: str = ""
    credit: str = ""


class Correction(BaseModel):
    """A public correction: what was wrong, and when it was put right."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    note: str
    at: UtcDatetime


class ArticleState(Event):
    """The whole article as readers see it after a change, `version` its own count of changes.

    `url` is the public path; `former_urls` are the paths that now lead to it; `published_at` is the first publication.
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

    def key(self) -> str:
        return self.id

    def event_id(self) -> str:
        return f"{self.id}:{self.version}"


class ArticlePublished(ArticleState):
    """An article appeared, was updated, or came back after a withdrawal."""

    ce_type: ClassVar[str] = "world-monitor.article.published.v1"


class ArticleCorrected(ArticleState):
    """An article was put right, with a public note."""

    ce_type: ClassVar[str] = "world-monitor.article.corrected.v1"


class ArticleWithdrawn(ArticleState):
    """An article was taken back: it must be gone everywhere. Its text is not carried."""

    ce_type: ClassVar[str] = "world-monitor.article.withdrawn.v1"


class CommentState(Event):
    """The whole comment after a change, without e-mail or address. `root_id` is the top comment of its thread (itself for one)."""

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

    def key(self) -> str:
        return self.id

    def event_id(self) -> str:
        return f"{self.id}:{self.version}"


class CommentPublished(CommentState):
    """A comment may be seen: accepted at once, or approved by a moderator."""

    ce_type: ClassVar[str] = "world-monitor.comment.published.v1"


class CommentHeld(CommentState):
    """A comment waits for a moderator."""

    ce_type: ClassVar[str] = "world-monitor.comment.held.v1"


class CommentRejected(CommentState):
    """A moderator turned a waiting comment down."""

    ce_type: ClassVar[str] = "world-monitor.comment.rejected.v1"


class CommentRemoved(CommentState):
    """A moderator took a published comment away; replies to it stay."""

    ce_type: ClassVar[str] = "world-monitor.comment.removed.v1"


class PageViewed(Event):
    """A reader's page view was accepted. Nothing in it tells who."""

    ce_type: ClassVar[str] = "world-monitor.page.viewed.v1"
    topic: ClassVar[Topic] = topics.VIEWS
    source: ClassVar[str] = "/popularity"

    id: UUID
    article_id: str
    section: str
    viewed_at: UtcDatetime

    def key(self) -> str:
        return self.article_id

    def event_id(self) -> str:
        return str(self.id)


class RankedArticle(BaseModel):
    """One line of a ranking, with all that a page needs to show it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    article_id: str
    headline: str
    url: str
    section: str
    language: str = "en"
    views: int


class RankingComputed(Event):
    """The most viewed articles of a window, over the whole site (`section` None) or one section, at most 100.

    `covers` says up to which offset of each views.v1 partition the counts go. Of two rankings with one key the later
    `computed_at` holds.
    """

    ce_type: ClassVar[str] = "world-monitor.ranking.computed.v1"
    topic: ClassVar[Topic] = topics.RANKINGS
    source: ClassVar[str] = "/popularity"

    window: Window
    section: str | None = None
    computed_at: UtcDatetime
    items: tuple[RankedArticle, ...] = ()
    covers: Mapping[str, int] = {}

    def key(self) -> str:
        return f"{self.window}:{self.section or ''}"

    def event_id(self) -> str:
        return f"{self.key()}:{rfc3339(self.computed_at)}"


class DocumentChanged(Event):
    """Something that pages are made of is now projected at `version`: caches must not serve what is older.

    `changed_at` is when the owner committed the change, `projected_at` when the read model held it. `read_model` is the
    number of that read model: each has versions of its own, so what one says does not hold for another.
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
    """A tombstone: what had this key is erased and must be forgotten. Never encoded; it is what a null value decodes to."""

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
    PageViewed,
    RankingComputed,
    DocumentChanged,
)
_BY_TYPE = {event.ce_type: event for event in CATALOGUE}


def encode(event: Event) -> Message:
    """The event as ready bytes, within the current trace."""
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", event.event_id().encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.ce_type.encode()),
        ("ce_subject", event.key().encode()),
        ("ce_time", rfc3339(now()).encode()),
        ("content-type", b"application/json"),
        ("traceparent", current_traceparent().encode()),
    )
    return Message(event.topic.name, event.key().encode(), event.model_dump_json().encode(), headers)


def tombstone(topic: Topic, key: str) -> Message:
    """The message that erases a key from a compacted topic."""
    return Message(topic.name, key.encode(), None, (("traceparent", current_traceparent().encode()),))


def decode(record: Record) -> Event:
    """The event in a record, `Erased` for a tombstone. Raises InvalidMessage saying what is wrong with it."""
    if record.value is None:
        return Erased(id=record.key.decode("utf-8", "replace"))
    kind = record.header("ce_type")
    model = _BY_TYPE.get(kind or "")
    if model is None:
        raise InvalidMessage(f"unknown event type {kind!r}")
    if model.topic.name != record.topic:
        raise InvalidMessage(f"{kind} does not belong on {record.topic}")
    try:
        return model.model_validate_json(record.value)
    except ValidationError as error:
        first: Sequence[object] = error.errors()[0]["loc"]
        raise InvalidMessage(f"{kind}: {'/'.join(map(str, first))}: {error.errors()[0]['msg']}") from error
