"""The rate limits of one process while Redis cannot count. Comments are still accepted, at a safe rate."""

from collections import OrderedDict, deque
from collections.abc import Sequence

from limits import RateLimitItem

# Comments of all visitors in a minute. It also bounds the memory: an hour has 3,600 of them.
MOST_A_MINUTE = 60
_MINUTE_S = 60.0


class LocalLimit:
    """The rates of each visitor, and one for all together, in this process's memory. `now_s` never steps back (monotonic)."""

    def __init__(self, rates: Sequence[RateLimitItem], most_a_minute: int = MOST_A_MINUTE) -> None:
        self._rates = [(rate.amount, float(rate.get_expiry())) for rate in rates]
        self._kept_s = max((seconds for _, seconds in self._rates), default=_MINUTE_S)
        self._most = max((amount for amount, _ in self._rates), default=1)
        self._most_a_minute = most_a_minute
        self._all: deque[float] = deque()
        self._visitors: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, visitor: str, now_s: float) -> int | None:
        """Count one comment; None when it may pass, else the seconds to wait. A refused comment is not counted."""
        self._forget(now_s)
        sent = self._visitors.get(visitor) or deque(maxlen=self._most)
        waits = [_wait(sent, amount, seconds, now_s) for amount, seconds in self._rates]
        longest = max([*waits, _wait(self._all, self._most_a_minute, _MINUTE_S, now_s)])
        if longest > 0:
            return max(1, round(longest))
        sent.append(now_s)
        self._all.append(now_s)
        self._visitors[visitor] = sent
        self._visitors.move_to_end(visitor)
        return None

    def _forget(self, now_s: float) -> None:
        while self._all and self._all[0] <= now_s - _MINUTE_S:
            self._all.popleft()
        # The visitor whose last comment is oldest comes first.
        while self._visitors and next(iter(self._visitors.values()))[-1] <= now_s - self._kept_s:
            self._visitors.popitem(last=False)


def _wait(sent: Sequence[float], amount: int, seconds: float, now_s: float) -> float:
    """Seconds until fewer than `amount` lie within the last `seconds`."""
    if len(sent) < amount:
        return 0.0
    return max(0.0, sent[-amount] + seconds - now_s)
