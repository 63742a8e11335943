"""Dispatches each record of a state topic to the handler of its event type. A service's table is its `SUBSCRIPTIONS`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import structlog

from shared.errors import InvalidMessage, LogReplaced, Unavailable
from shared.events import Event, Record, decode
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.sinks import Batch, StateTopicSink
from shared.process.tracing import continue_trace

_log = structlog.get_logger(__name__)

Store = TypeVar("Store")
BatchHandler = TypeVar("BatchHandler")
# Any: a handler takes the event type of its key, which Mapping cannot express.
Handler = Callable[[Store, Any], Awaitable[None]]
Subscriptions = Mapping[type[Event], Handler[Store]]


def by_topic(subscriptions: Mapping[type[Event], BatchHandler]) -> Mapping[str, BatchHandler]:
    """The table of a consumer whose handlers take a whole batch, by topic: tombstones have a topic but no type."""
    return {event.topic.name: handler for event, handler in subscriptions.items()}


def dispatching_sink(subscriptions: Subscriptions[Store], store: Store, dead_letters: DeadLetters) -> StateTopicSink:
    """A sink that calls the handler of each event, in the log's order, with the store.

    Handlers are idempotent: they drop `version <= seen`. InvalidMessage goes to the dead letters; the member retries after
    Unavailable; any other error is logged with the event's id and raised, which ends the process. Events without a handler
    are ignored.
    """
    return StateTopicSink(_Dispatcher(subscriptions, store, dead_letters).apply, batch_limit=1)


class _Dispatcher(Generic[Store]):
    def __init__(self, subscriptions: Subscriptions[Store], store: Store, dead_letters: DeadLetters) -> None:
        self._subscriptions = subscriptions
        self._store = store
        self._dead_letters = dead_letters

    async def apply(self, batch: Batch) -> None:
        for record in batch.records:
            continue_trace(record.header("traceparent"))
            await self._apply(record, batch.tries)

    async def _apply(self, record: Record, tries: int) -> None:
        try:
            await self._handle(record)
        except InvalidMessage as error:
            await self._dead_letters.put(record, str(error), tries=tries)
        except (Unavailable, LogReplaced):
            raise
        except Exception:
            _log.critical("event.failed", ce_id=record.header("ce_id"), topic=record.topic, offset=record.offset)
            raise
        else:
            self._dead_letters.passed()

    async def _handle(self, record: Record) -> None:
        event = decode(record)
        handler = self._subscriptions.get(type(event))
        if handler is not None:
            await handler(self._store, event)
