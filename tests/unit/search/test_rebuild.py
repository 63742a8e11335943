"""The end of a rebuild: its follower is stopped in any state."""

import asyncio

from services.search.rebuild import _catch_up
from tests.support.polling import PATIENCE_S


class _Swallowing:
    """Waits as aiokafka does: Python 3.11 swallows a cancellation that arrives together with the result."""

    def __init__(self) -> None:
        self.caught_up = False
        self.applied = 0
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        await asyncio.wait_for(self._answer, PATIENCE_S)
        await asyncio.Event().wait()

    def report(self, _: str) -> None:
        self.caught_up = True
        self._answer.set_result(None)


async def test_rebuild_ends_when_its_follower_misses_a_cancellation() -> None:
    follower = _Swallowing()

    async with asyncio.timeout(PATIENCE_S):
        await _catch_up(follower, follower.report)  # type: ignore[arg-type]
