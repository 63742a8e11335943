"""Limits of what all anonymous clients together can store. The rate limit holds for one visitor, these for all of them."""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Literal

from shared.errors import Problem

Kind = Literal["answers", "waiting", "letters", "reports"]

MOST: Mapping[Kind, int] = {"answers": 50_000, "waiting": 20_000, "letters": 20_000, "reports": 100_000}
_REFUSALS: Mapping[Kind, str] = {
    "answers": "There is no room for another Idempotency-Key. Send the request without one.",
    "waiting": "Too many comments wait for a moderator.",
    "letters": "The editors have too many letters; write later.",
    "reports": "The moderators have too many reports; try again later.",
}
# Between two counts, all visitors together add some hundreds.
_FRESH_S = 30.0
_RETRY_AFTER_S = 600

Count = Callable[[], Awaitable[int]]


class Room:
    """Refuses a request that would exceed a limit. `counts` reads the present number of each kind, at most once in _FRESH_S."""

    def __init__(
        self,
        counts: Mapping[Kind, Count],
        most: Mapping[Kind, int] = MOST,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.most = most
        self._counts = counts
        self._clock = clock
        self._known: dict[Kind, tuple[float, int]] = {}

    async def check(self, kind: Kind) -> None:
        """503 with Retry-After when there is no room. Raises Unavailable when the store does not answer."""
        if not await self.has(kind):
            raise no_room(kind)

    async def has(self, kind: Kind) -> bool:
        """Whether there is room. Raises Unavailable when the store does not answer."""
        return await self._number(kind) < self.most[kind]

    async def _number(self, kind: Kind) -> int:
        read_at, number = self._known.get(kind, (float("-inf"), 0))
        if self._clock() - read_at >= _FRESH_S:
            number = await self._counts[kind]()
            self._known[kind] = self._clock(), number
        return number


def no_room(kind: Kind) -> Problem:
    """The refusal when there is no room."""
    return Problem(503, _REFUSALS[kind], headers={"Retry-After": str(_RETRY_AFTER_S)})
