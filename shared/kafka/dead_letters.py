"""Sends records that can never be applied to a dead-letter topic, with a limit."""

import zlib
from collections import OrderedDict, deque
from collections.abc import Sequence

import structlog

from shared.errors import TooManyDeadLetters
from shared.events import Message, Record
from shared.kafka.producer import Producer
from shared.process.metrics import DEAD_LETTERS
from shared.times import now, rfc3339
from shared.topics import dead_letter_topic

_log = structlog.get_logger(__name__)

# Without a limit, a bad deploy would dead-letter a whole topic (as getsentry/arroyo's DlqLimit explains). The share counts
# once there are SHARE_OVER records.
MOST_IN_A_ROW = 20
LARGEST_SHARE = 0.1
SHARE_OVER = 1000
# A retried batch brings its bad records again. The limit stops every batch with more bad records than this.
_MOST_REMEMBERED = 1000

Identity = tuple[str, int, int, int, int]


class DeadLetters:
    """Sends bad records, byte for byte, to `<topic>.dlq`, with headers for reason, origin and number of tries.

    Raises TooManyDeadLetters past the limit, and Unavailable when Kafka does not acknowledge the record: it is never dropped.
    A record that arrives again, in a retried batch, is sent once and counts once.
    """

    def __init__(self, producer: Producer, consumer: str) -> None:
        self._producer = producer
        self._consumer = consumer
        self._in_a_row = 0
        self._recent: deque[bool] = deque(maxlen=SHARE_OVER)
        self._was_sent: OrderedDict[Identity, bool] = OrderedDict()

    def passed(self, count: int = 1) -> None:
        """Count good records."""
        if count:
            self._in_a_row = 0
            self._recent.extend([False] * min(count, SHARE_OVER))

    async def put(self, record: Record, reason: str, *, tries: int = 1) -> None:
        """Send one bad record, unless it was sent before."""
        identity = _identity(record)
        if identity not in self._was_sent:
            self._count(record, identity)
        if self._was_sent[identity]:
            return
        await self._producer.send(_letter(record, reason, self._consumer, tries))
        self._was_sent[identity] = True
        DEAD_LETTERS.labels(record.topic).inc()
        _log.warning(
            "record.dead_lettered",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            ce_id=record.header("ce_id"),
            reason=reason,
        )

    def _count(self, record: Record, identity: Identity) -> None:
        self._in_a_row += 1
        self._recent.append(True)
        self._check_limit(record)
        self._was_sent[identity] = False
        if len(self._was_sent) > _MOST_REMEMBERED:
            self._was_sent.popitem(last=False)

    def _check_limit(self, record: Record) -> None:
        share = sum(self._recent) / SHARE_OVER
        if self._in_a_row > MOST_IN_A_ROW or (len(self._recent) == SHARE_OVER and share > LARGEST_SHARE):
            raise TooManyDeadLetters(
                f"{record.topic}: {self._in_a_row} bad records in a row, {share:.0%} of the last {SHARE_OVER}; "
                f"stopped at partition {record.partition} offset {record.offset}"
            )


def _identity(record: Record) -> Identity:
    # A log that replaced this one may have another bad record at the same offset.
    return record.topic, record.partition, record.offset, record.timestamp_ms, zlib.crc32(record.value or b"")


def _letter(record: Record, reason: str, consumer: str, tries: int) -> Message:
    added: Sequence[tuple[str, str]] = (
        ("dlq_reason", reason),
        ("dlq_consumer", consumer),
        ("dlq_topic", record.topic),
        ("dlq_partition", str(record.partition)),
        ("dlq_offset", str(record.offset)),
        ("dlq_tries", str(tries)),
        ("dlq_at", rfc3339(now())),
    )
    headers = record.headers + tuple((name, value.encode()) for name, value in added)
    return Message(dead_letter_topic(record.topic).name, record.key, record.value, headers)
