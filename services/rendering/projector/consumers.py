"""The projector: events in, documents changed in one transaction, then told on pages.v1, then the offset.

Killed at any point it does no harm: the transaction is whole or not at all, and an event that is delivered again is
announced again, since the process before may have died between the two.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import structlog

from services.rendering.metrics import PROJECTED_SECONDS
from services.rendering.projector.article_rules import Touched, erase_article, lists_of, project_article
from services.rendering.projector.comment_rules import erase_comment, project_comment
from services.rendering.readmodel.documents import Document
from services.rendering.readmodel.names import is_front
from services.rendering.readmodel.snapshot import ChangeSet, LoadedSnapshot, NotLoaded
from services.rendering.readmodel.store import ReadModel, ReadModelReplaced
from shared import topics
from shared.errors import InvalidMessage, LogReplaced, Unavailable
from shared.events import ArticleState, CommentState, DocumentChanged, Erased, Event, Record, decode, encode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.producer import Producer
from shared.kafka.sinks import Batch, Check, sure
from shared.mongo.collections import Session
from shared.process.tracing import continue_trace
from shared.times import Clock, now, to_milliseconds

_log = structlog.get_logger(__name__)

# Events in one transaction: their changes of one document are one write, and a transaction stays far from its time limit.
UNIT = 64
# For so long a batch is tried again here; then the runner takes up its connections anew, which is not a stall.
_PATIENCE_S = 10.0
_FIRST_WAIT_S = 0.05
_LONGEST_WAIT_S = 2.0


@dataclass(frozen=True)
class ReceivedEvent:
    """An event as it came: from which topic, and when its owner committed it."""

    topic: str
    event: Event
    changed_at: datetime


@dataclass(frozen=True)
class NewVersion:
    """A document's version after an event, and when that event was committed."""

    version: int
    changed_at: datetime


class Projector:
    """A sink (`shared.kafka.sinks`) that keeps a read model. Any number of them may run: the database orders their writes.

    ReadModelReplaced comes out of it when a rebuilt model has taken the place of its own. While a model is being rebuilt nobody
    reads it, and nothing is announced.
    """

    confirms = True

    def __init__(
        self,
        model: ReadModel,
        producer: Producer,
        dead_letters: DeadLetters,
        *,
        announces: bool = True,
        tell_lists: Callable[[Iterable[str]], None] = lambda _: None,
        clock: Clock = now,
    ) -> None:
        self._model = model
        self._producer = producer
        self._dead_letters = dead_letters
        self.announces = announces
        self._tell_lists = tell_lists
        self._clock = clock
        self._log_id: str | None = None
        self.projected = 0

    async def positions(
        self, partitions: Sequence[tuple[str, int]], log_id: str
    ) -> Mapping[tuple[str, int], int | None]:
        """The group's committed offsets; the beginning, once, after a log was replaced under this process."""
        await self._model.prepare()
        replaced = self._log_id not in (None, log_id)
        self._log_id = log_id
        return dict.fromkeys(partitions, 0 if replaced else None)

    async def strayed(self, standing: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        """None: every document knows the version that it holds."""
        return {}

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The beginning: a state topic loses nothing by compaction."""
        _log.warning("projector.out_of_range", topic=topic, partition=partition, beginning=beginning)
        return beginning

    async def apply(self, batch: Batch) -> None:
        """Project a batch in units; what can never be projected goes to the dead letters."""
        for start in range(0, len(batch.records), UNIT):
            unit = batch.records[start : start + UNIT]
            told = [one for record in unit if (one := await self._decode(record, batch.confirm))]
            if told:
                await self._insist(told, batch.confirm)
                self.projected += len(told)

    async def _decode(self, record: Record, confirm: Check) -> ReceivedEvent | None:
        continue_trace(record.header("traceparent"))
        try:
            event = decode(record)
        except InvalidMessage as error:
            await confirm()
            await self._dead_letters.put(record, str(error))
            return None
        # Good in the order of the log, not once its unit is applied: only bad ones in a row may stop the process.
        self._dead_letters.passed()
        return ReceivedEvent(record.topic, event, _committed_at(record))

    async def _insist(self, told: Sequence[ReceivedEvent], confirm: Check) -> None:
        """Project a unit, again while a server does not answer; Unavailable once patience is at its end."""
        deadline, wait_s = monotonic() + _PATIENCE_S, _FIRST_WAIT_S
        while True:
            try:
                return await self.project(told, confirm)
            except Unavailable as error:
                if monotonic() > deadline:
                    raise
                _log.warning("projector.retries", events=len(told), reason=str(error))
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            except (ReadModelReplaced, LogReplaced):
                raise
            except Exception:
                _log.critical("projector.failed", events=[one.event.event_id() for one in told])
                raise

    async def project(self, told: Sequence[ReceivedEvent], confirm: Check = sure) -> None:
        """Change the read model by some events, whole or not at all, then announce what they moved.

        Whether the events came from the known log is found out meanwhile; nothing is committed before that is sure.
        """

        async def work(session: Session) -> dict[str, NewVersion]:
            moves = await self._write(told, session)
            await confirm()
            return moves

        moves = await self._model.transaction(work)
        if self.announces:
            await self._announce(moves)
            self._tell_lists(lists_moved(told, moves))

    async def _write(self, told: Sequence[ReceivedEvent], session: Session) -> dict[str, NewVersion]:
        shelf = LoadedSnapshot()
        unit = Unit(shelf, told)
        while missing := unit.go_on():
            await self._model.load(shelf, missing, session)
        written = await self._model.write(shelf, unit.draft.changes, self._clock(), session)
        loaded = {name: shelf.versions[name] for name in unit.touched if name in shelf.versions}
        known = loaded | written
        known |= await self._model.versions(unit.touched.keys() - known.keys(), session)
        return {name: NewVersion(known[name], changed_at) for name, changed_at in unit.touched.items()}

    async def _announce(self, moves: Mapping[str, NewVersion]) -> None:
        moment = self._clock()
        await self._producer.send(
            *(
                encode(
                    DocumentChanged(
                        dependency=name,
                        version=move.version,
                        changed_at=move.changed_at,
                        projected_at=moment,
                        read_model=self._model.number,
                    )
                )
                for name, move in moves.items()
            )
        )
        for changed_at in {move.changed_at for move in moves.values()}:
            PROJECTED_SECONDS.observe(max(0.0, (moment - changed_at).total_seconds()))


def lists_moved(told: Sequence[ReceivedEvent], moved: Iterable[str]) -> set[str]:
    """The lists whose feeds may have moved: their cards have, or one of their articles."""
    listings = {listing for one in told if isinstance(one.event, ArticleState) for listing in lists_of(one.event)}
    return listings | {name.removeprefix("list:").removesuffix(":front") for name in moved if is_front(name)}


class Unit:
    """Works out what some events change, in their order, and what they touch (with the time of the latest that did)."""

    def __init__(self, shelf: LoadedSnapshot, told: Sequence[ReceivedEvent]) -> None:
        self.draft = ChangeSet(shelf)
        self.touched: dict[str, datetime] = {}
        self._told = told
        self._done = 0

    def go_on(self) -> Mapping[str, type[Document]]:
        """Work on until all is done, or as far as it goes; returns what must be loaded to go on, for all that is left.

        What comes after the first event that cannot be worked out yet is tried on a draft that is thrown away, event upon
        event: so a page that overflows in the middle of a unit is known before, and two or three loads are enough.
        """
        missing: dict[str, type[Document]] = {}
        draft = self.draft
        for one in self._told[self._done :]:
            try:
                page = ChangeSet(draft)
                names = apply_event(page, one.topic, one.event)
            except NotLoaded as error:
                draft = draft if missing else ChangeSet(self.draft)
                missing |= error.missing
                continue
            draft.add(page.changes)
            if not missing:
                self.touched |= dict.fromkeys(names, one.changed_at)
                self._done += 1
        return missing


def apply_event(draft: ChangeSet, topic: str, event: Event) -> Touched:
    """Find an event's rule and apply it; returns the documents it touched."""
    match event:
        case ArticleState():
            return project_article(draft, event)
        case Erased() if topic == topics.ARTICLES.name:
            return erase_article(draft, event.id)
        case CommentState():
            return project_comment(draft, event)
        case Erased() if topic == topics.COMMENTS.name:
            return erase_comment(draft, event.id)
        case _:
            return ()


def _committed_at(record: Record) -> datetime:
    """When the event was written, in its owner's transaction; when the log took it, where that cannot be told."""
    with suppress(ValueError):
        told = datetime.fromisoformat(record.header("ce_time") or "")
        if told.tzinfo is not None:
            return to_milliseconds(told)
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
