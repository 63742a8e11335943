"""An exact, slow recount of views.v1, against which counts, visitors and rankings are compared."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.popularity.model.rules import day_of, hour_start
from shared.errors import InvalidMessage
from shared.events import PageViewed, Record, ViewsAdjusted, decode
from shared.kafka.client import as_record
from shared.topics import VIEWS

# Three standard errors of Redis' HyperLogLog (0.81 %), and two visitors for small numbers.
SKETCH_ERROR = 3 * 0.0081


@dataclass
class Recount:
    """Everything that the log says, each event id once.

    `hours` maps (article, start of the hour in minutes since 1970) to views, `referrers` maps (article, class) to views, `visitors`
    maps (article, day) to the visitors' names, `moments` maps an article to the seconds since 1970 of its views.
    """

    zone: ZoneInfo
    views: Counter[str] = field(default_factory=Counter)
    hours: Counter[tuple[str, int]] = field(default_factory=Counter)
    referrers: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    visitors: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    moments: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _seen: set[UUID] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Count a record; records that are no views count nothing."""
        try:
            event = decode(record)
        except InvalidMessage:
            return
        if isinstance(event, ViewsAdjusted) and self._is_new(event.id):
            self._count(event.article_id, event.window_start, event.views, "adjusted")
        elif isinstance(event, PageViewed) and self._is_new(event.id):
            self._view(event)

    def _is_new(self, name: UUID) -> bool:
        known = name in self._seen
        self._seen.add(name)
        return not known

    def _view(self, event: PageViewed) -> None:
        if event.dropped:
            self.dropped[event.dropped] += 1
            return
        self._count(event.article_id, event.viewed_at, 1, event.referrer)
        self.moments[event.article_id].append(event.viewed_at.timestamp())
        if event.visitor:
            day = day_of(int(event.viewed_at.timestamp()) // 60, self.zone)
            self.visitors[event.article_id, day].add(event.visitor)

    def _count(self, article: str, at: datetime, views: int, kind: str) -> None:
        self.views[article] += views
        self.hours[article, hour_start(int(at.timestamp()) // 60, self.zone)] += views
        self.referrers[article, kind] += views

    def all_visitors(self, article: str) -> int:
        """Visitors of an article, over all days."""
        return sum(len(names) for (name, _), names in self.visitors.items() if name == article)

    def trend(self, article: str, half_life_s: float, at_s: float) -> float:
        """The decayed views of an article at a moment: each view halves every `half_life_s`."""
        return math.fsum(2 ** ((moment - at_s) / half_life_s) for moment in self.moments[article])


async def recount(kafka: str, zone: ZoneInfo) -> Recount:
    """Read views.v1 from its beginning to its present end."""
    found = Recount(zone)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(VIEWS.name, number) for number in range(VIEWS.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < ends[one] for one in partitions]):
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                for record in records:
                    found.add(as_record(record))
    finally:
        await consumer.stop()
    return found


def is_near(estimate: int, exact: int) -> bool:
    """Whether a sketch's number is within its error."""
    return abs(estimate - exact) <= max(2.0, SKETCH_ERROR * exact)


def differences(shown: Mapping[str, int], exact: Mapping[str, int]) -> list[str]:
    """Keys whose numbers differ, one sentence each."""
    keys = sorted(shown.keys() | exact.keys())
    return [
        f"{key}: {exact.get(key, 0)} in the log, {shown.get(key, 0)} shown"
        for key in keys
        if shown.get(key, 0) != exact.get(key, 0)
    ]
