"""A sink that decodes records and hands each event to the function its type names: what most consumers are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from shared.errors import InvalidMessage, Unavailable
from shared.events import Event, Record, decode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.sinks import Batch
from shared.process.tracing import continue_trace

_log = structlog.get_logger(__name__)

_FIRST_WAIT_S = 0.05
# Past so many tries the runner takes over: it gives its partitions back and comes again, for as long as it takes.
_MOST_TRIES = 5

Handler = Callable[[Event], Awaitable[None]]


class EventSink:
    """Applies events one at a time, in the log's order, by a dispatch table of type to function.

    Handlers are idempotent (they drop `version <= seen`), so that going on from the group's committed offset, or from the
    beginning of a log that replaced the known one, does no harm. Outcomes: InvalidMessage is dead-lettered; Unavailable
    is tried again a few times, then left to the runner, which will bring the same batch; anything else is logged with the
    event's id and raised, which ends the process.
    """

    confirms = False

    def __init__(self, handlers: Mapping[type[Event], Handler], dead_letters: DeadLetters) -> None:
        self._handlers = handlers
        self._dead_letters = dead_letters
        self._log_id: str | None = None

    async def positions(
        self, partitions: Sequence[tuple[str, int]], log_id: str
    ) -> Mapping[tuple[str, int], int | None]:
        """The group's committed offsets; the beginning, once, after a log was replaced under this process."""
        replaced = self._log_id not in (None, log_id)
        self._log_id = log_id
        return dict.fromkeys(partitions, 0 if replaced else None)

    async def out_of_range(self, topic: str, partition: int, beginning: int) -> int:
        """The beginning: a state topic loses nothing by compaction."""
        _log.warning("consumer.out_of_range", topic=topic, partition=partition, beginning=beginning)
        return beginning

    async def strayed(self, standing: Mapping[tuple[str, int], int]) -> Mapping[tuple[str, int], int]:
        """None: where to go on is the group's affair, and each document knows its own version."""
        return {}

    async def apply(self, batch: Batch) -> None:
        """Apply each record in turn."""
        for record in batch.records:
            continue_trace(record.header("traceparent"))
            await self._apply_one(record)

    async def _apply_one(self, record: Record) -> None:
        for tries in range(1, _MOST_TRIES + 1):
            try:
                await self._handle(record)
            except InvalidMessage as error:
                await self._dead_letters.put(record, str(error), tries=tries)
                return
            except Unavailable as error:
                _log.warning("event.retried", ce_id=record.header("ce_id"), tries=tries, reason=str(error))
                if tries == _MOST_TRIES:
                    raise
                await asyncio.sleep(_FIRST_WAIT_S * 2**tries)
            except Exception:
                _log.critical("event.failed", ce_id=record.header("ce_id"), topic=record.topic, offset=record.offset)
                raise
            else:
                self._dead_letters.passed()
                return

    async def _handle(self, record: Record) -> None:
        event = decode(record)
        handler = self._handlers.get(type(event))
        if handler is not None:
            await handler(event)
