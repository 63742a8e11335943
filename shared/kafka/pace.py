"""How long a consumer's fetch waits for records: short while some arrive, long after some seconds without any."""

from collections.abc import Callable
from time import monotonic

# Readers and editors act in bursts: after a record, the next one is likely within this time.
AWAKE_S = 5.0


class Pace:
    """The wait of one consumer's fetches."""

    def __init__(self, awake_ms: int, rest_ms: int, clock: Callable[[], float] = monotonic) -> None:
        self._awake_ms = awake_ms
        self._rest_ms = max(awake_ms, rest_ms)
        self._clock = clock
        self._active_at = clock()

    def note_activity(self) -> None:
        """Note that records arrived, or that partitions were assigned."""
        self._active_at = self._clock()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing has arrived for AWAKE_S."""
        return self._clock() - self._active_at > AWAKE_S

    @property
    def wait_ms(self) -> int:
        """How long the next fetch waits at the broker."""
        return self._rest_ms if self.is_at_rest else self._awake_ms
