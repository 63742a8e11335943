"""A rebuild's end: whoever follows the log is stopped, whatever it waits for."""

import asyncio

from services.search.rebuild import _catch_up
from tests.support.polling import PATIENCE_S


class _Swallowing:
    """A follower that waits as aiokafka does; Python 3.11 swallows a cancellation that comes together with the answer."""

    def __init__(self) -> None:
        self.caught_up = False
        self.applied = 0
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        await asyncio.wait_for(self._answer, PATIENCE_S)
        await asyncio.Event().wait()

    def say(self, _: str) -> None:
        self.caught_up = True
        self._answer.set_result(None)


async def test_a_rebuild_ends_though_its_follower_misses_the_first_word() -> None:
    follower = _Swallowing()

    async with asyncio.timeout(PATIENCE_S):
        await _catch_up(follower, follower.say)  # type: ignore[arg-type]
