"""The terms of a membership in a consumer group: from the runner to each of its members."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.kafka.client import LogIdentity
from shared.kafka.sinks import Sink
from shared.settings import Settings


@dataclass(frozen=True)
class Membership:
    """A member's topics, sink and limits. The member runs until `stopping` is set.

    `on_progress` is called after each applied batch and at the log's end, `on_waiting` after each failed try of a batch.
    """

    settings: Settings
    group: str
    topics: Sequence[str]
    sink: Sink
    most_records: int
    rest_ms: int
    identity: LogIdentity
    stopping: asyncio.Event
    on_progress: Callable[[], None]
    on_waiting: Callable[[], None]
