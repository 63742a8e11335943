"""Everything of this service that the relay sends: comments, then the states of discussions."""

from collections.abc import AsyncIterator, Iterable, Sequence

from services.comments.model.store import Store
from services.comments.reading.closing import sent_states
from services.comments.reading.state import EVENT_PREFIX
from shared.outbox.store import AggregateEvent

_CHUNK = 500


class RelayedStates:
    """The newest events of all aggregates, as `shared.outbox.relay` asks for them. Methods raise Unavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def events_after(self, aggregate_id: str | None, /) -> AsyncIterator[Sequence[AggregateEvent]]:
        """The newest event of every aggregate behind this one, in chunks."""
        is_comment = aggregate_id is None or not aggregate_id.startswith(EVENT_PREFIX)
        if is_comment:
            async for comments in self._store.comments.events_after(aggregate_id):
                yield comments
        states = [event for event in await sent_states(self._store) if is_comment or event.id > str(aggregate_id)]
        for first in range(0, len(states), _CHUNK):
            yield states[first : first + _CHUNK]

    async def latest_events(self, aggregate_ids: Iterable[str], /) -> Sequence[AggregateEvent]:
        """The newest event of each of these aggregates."""
        wanted = list(aggregate_ids)
        articles = [one.removeprefix(EVENT_PREFIX) for one in wanted if one.startswith(EVENT_PREFIX)]
        comments = [one for one in wanted if not one.startswith(EVENT_PREFIX)]
        found: list[AggregateEvent] = list(await self._store.comments.latest_events(comments))
        return [*found, *(await sent_states(self._store, articles) if articles else ())]
