"""Kafka in: events change documents in one transaction, then the changes are announced on pages.v1, then the offset moves on.

A projector may be killed at any point. The transaction is whole or not at all, and a repeated event is announced again, since
the previous process may have died between the two.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from services.rendering.metrics import PROJECTED_SECONDS
from services.rendering.projector.article_rules import Touched, erase_article, lists_of, project_article
from services.rendering.projector.comment_rules import erase_comment, project_comment
from services.rendering.projector.discussion_rules import erase_discussion, project_discussion
from services.rendering.readmodel.documents import Document
from services.rendering.readmodel.names import discussed_article, is_front
from services.rendering.readmodel.snapshot import ChangeSet, LoadedSnapshot, NotLoaded
from services.rendering.readmodel.store import ReadModel, ReadModelReplaced
from shared import topics
from shared.errors import InvalidMessage, LogReplaced, Unavailable
from shared.events import (
    ArticleCorrected,
    ArticlePublished,
    ArticleState,
    ArticleWithdrawn,
    CommentHeld,
    CommentPublished,
    CommentRejected,
    CommentRemoved,
    DiscussionChanged,
    DocumentChanged,
    Erased,
    Event,
    Record,
    decode,
    encode,
)
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch, Check, already_confirmed
from shared.mongo.collections import Session
from shared.process.tracing import continue_trace
from shared.times import Clock, now, to_milliseconds

_log = structlog.get_logger(__name__)

# Events in one transaction. Several changes of a document become one write, and the transaction stays far below its time limit.
UNIT = 64


@dataclass(frozen=True)
class ReceivedEvent:
    """An event, its topic, and the time of its owner's commit."""

    topic: str
    event: Event
    changed_at: datetime


@dataclass(frozen=True)
class NewVersion:
    """A document's version after an event, and the time of that event's commit."""

    version: int
    changed_at: datetime


class Projector:
    """Maintains a read model. Several may run at once: the database orders their writes.

    Raises ReadModelReplaced when a rebuilt model has replaced its own. With `announces` off, nothing is announced: a model
    has no readers during its rebuild. `on_lists_changed` gets the lists whose feeds may have changed.
    """

    def __init__(
        self,
        model: ReadModel,
        producer: Producer,
        dead_letters: DeadLetters,
        *,
        announces: bool = True,
        on_lists_changed: Callable[[Iterable[str]], None] = lambda _: None,
        clock: Clock = now,
    ) -> None:
        self._model = model
        self._producer = producer
        self._dead_letters = dead_letters
        self.announces = announces
        self._on_lists_changed = on_lists_changed
        self._clock = clock
        self.projected = 0

    async def apply(self, batch: Batch) -> None:
        """Project a batch in one transaction. Records that can never be projected go to the dead letters."""
        received = [event for record in batch.records if (event := await self._decode(record, batch.confirm))]
        if not received:
            return
        try:
            await self.project(received, batch.confirm)
        except (Unavailable, ReadModelReplaced, LogReplaced):
            raise
        except Exception:
            _log.critical("projector.failed", events=[item.event.event_id() for item in received])
            raise
        self.projected += len(received)

    async def _decode(self, record: Record, confirm: Check) -> ReceivedEvent | None:
        continue_trace(record.header("traceparent"))
        try:
            event = decode(record)
        except InvalidMessage as error:
            await confirm()
            await self._dead_letters.put(record, str(error))
            return None
        # Counted in the log's order, before the batch is applied: only consecutive bad records may stop the process.
        self._dead_letters.passed()
        return ReceivedEvent(record.topic, event, _committed_at(record))

    async def project(self, received: Sequence[ReceivedEvent], confirm: Check = already_confirmed) -> None:
        """Change the read model by some events, all or none, then announce the changes.

        The log's identity is checked meanwhile, and confirmed before the commit.
        """

        async def work(session: Session) -> dict[str, NewVersion]:
            versions = await self._write(received, session)
            await confirm()
            return versions

        versions = await self._model.transaction(work)
        if self.announces:
            await self._announce(versions)
            self._on_lists_changed(changed_lists(received, versions))

    async def _write(self, received: Sequence[ReceivedEvent], session: Session) -> dict[str, NewVersion]:
        snapshot = LoadedSnapshot()
        unit = Unit(snapshot, received)
        while missing := unit.go_on():
            await self._model.load(snapshot, missing, session)
        written = await self._model.write(snapshot, unit.change_set.changes, self._clock(), session)
        loaded = {name: snapshot.versions[name] for name in unit.touched if name in snapshot.versions}
        known = loaded | written
        known |= await self._model.versions(unit.touched.keys() - known.keys(), session)
        return {name: NewVersion(known[name], changed_at) for name, changed_at in unit.touched.items()}

    async def _announce(self, versions: Mapping[str, NewVersion]) -> None:
        moment = self._clock()
        await self._producer.send(
            *(
                encode(
                    DocumentChanged(
                        dependency=name,
                        version=new.version,
                        changed_at=new.changed_at,
                        projected_at=moment,
                        read_model=self._model.number,
                    )
                )
                for name, new in versions.items()
            )
        )
        for changed_at in {new.changed_at for new in versions.values()}:
            PROJECTED_SECONDS.observe(max(0.0, (moment - changed_at).total_seconds()))


def changed_lists(received: Sequence[ReceivedEvent], touched: Iterable[str]) -> set[str]:
    """The lists whose feeds may have changed: their front page did, or one of their articles."""
    of_articles = {name for item in received if isinstance(item.event, ArticleState) for name in lists_of(item.event)}
    return of_articles | {name.removeprefix("list:").removesuffix(":front") for name in touched if is_front(name)}


class Unit:
    """Computes the changes of some events, in their order. `touched` has each document with its last event's commit time."""

    def __init__(self, snapshot: LoadedSnapshot, received: Sequence[ReceivedEvent]) -> None:
        self.change_set = ChangeSet(snapshot)
        self.touched: dict[str, datetime] = {}
        self._received = received
        self._done = 0

    def go_on(self) -> Mapping[str, type[Document]]:
        """Work as far as the loaded documents allow; returns those to load next, empty when all is done.

        Events after the first one without its documents are tried on a change set that is thrown away. That finds most
        documents of the unit at once, also those of a page that overflows in its middle: two or three loads are enough.
        """
        missing: dict[str, type[Document]] = {}
        base = self.change_set
        for item in self._received[self._done :]:
            try:
                attempt = ChangeSet(base)
                names = apply_event(attempt, item.topic, item.event)
            except NotLoaded as error:
                base = base if missing else ChangeSet(self.change_set)
                missing |= error.missing
                continue
            base.add(attempt.changes)
            if not missing:
                self.touched |= dict.fromkeys(names, item.changed_at)
                self._done += 1
        return missing


def apply_event(changes: ChangeSet, topic: str, event: Event) -> Touched:
    """Apply an event by its rule; returns the documents it touched."""
    rule = SUBSCRIPTIONS.get(topic, {}).get(type(event))
    return rule(changes, event) if rule is not None else ()


def _committed_at(record: Record) -> datetime:
    """The time of the owner's transaction; the log's time for a record without one."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(record.header("ce_time") or "")
        if moment.tzinfo is not None:
            return to_milliseconds(moment)
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)


def _erase_article(changes: ChangeSet, event: Erased) -> Touched:
    return erase_article(changes, event.id)


def _erase_comment(changes: ChangeSet, event: Erased) -> Touched:
    article_id = discussed_article(event.id)
    return erase_comment(changes, event.id) if article_id is None else erase_discussion(changes, article_id)


# By topic first: only the topic tells whether a tombstone erases an article or a comment.
SUBSCRIPTIONS: Mapping[str, Mapping[type[Event], Callable[[ChangeSet, Any], Touched]]] = {
    topics.ARTICLES.name: {
        ArticlePublished: project_article,
        ArticleCorrected: project_article,
        ArticleWithdrawn: project_article,
        Erased: _erase_article,
    },
    topics.COMMENTS.name: {
        CommentPublished: project_comment,
        CommentHeld: project_comment,
        CommentRejected: project_comment,
        CommentRemoved: project_comment,
        DiscussionChanged: project_discussion,
        Erased: _erase_comment,
    },
}
