"""The overlay of three: brokers and MongoDB members are killed one at a time under load.

The stand-in for MongoDB cannot replicate: `tests/compose/one-member.yml` reduces its set to one member, which is not killed.
"""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from tests.compose import steps
from tests.compose.drill import Drill, show_progress
from tests.compose.load import Public
from tests.compose.stack import Stack

_OVERLAY = "deploy/compose.cluster.yml"
_ONE_MEMBER = "tests/compose/one-member.yml"
_AWAY_S = 20.0
_BROKERS = ("kafka-2", "kafka", "kafka-3")
_MEMBERS = ("mongo-2", "mongo", "mongo-3")


async def lose_members(only: str = "") -> list[str]:
    """Kill each broker and each member, and stop one broker for a while. Returns the exceeded limits."""
    replicates = await _mongo_replicates()
    stack = Stack("wm-cluster-test", (_OVERLAY,) if replicates else (_OVERLAY, _ONE_MEMBER))
    if not replicates:
        show_progress("this MongoDB is the stand-in, which cannot replicate: its set has one member")
    await stack.down()
    try:
        seconds, token = await steps.bring_up(stack)
        show_progress(f"first page {seconds:.1f} s after `up`")
        with tempfile.TemporaryDirectory() as folder:
            public = Public(stack.edge, token, Path(folder) / "ledger")
            drill = Drill(stack, public, only)
            try:
                public.viewed = [await public.publish(f"Viewed {number}") for number in range(4)]
                await _lose_each(drill, (*_BROKERS, *(_MEMBERS if replicates else ())))
            finally:
                await public.http.close()
                breaches = drill.conclude()
    finally:
        await stack.down()
    return breaches


async def _lose_each(drill: Drill, members: tuple[str, ...]) -> None:
    """Kill each member in turn. No read may fail: two of three run all the time."""
    for member in members:
        await drill.under_load(f"lose {member}", partial(steps.kill, drill.stack, drill.public, member))
    away = members[0]
    await drill.under_load(f"{away} away for {_AWAY_S:.0f} s", partial(_stay_away, drill, away))


async def _stay_away(drill: Drill, member: str) -> float:
    """Stop a member in order, start it again, and wait until it has caught up."""
    await drill.stack.compose("stop", member)
    await asyncio.sleep(_AWAY_S)
    await drill.stack.compose("start", member)
    return await drill.stack.until_healthy(drill.public.http)


async def _mongo_replicates() -> bool:
    """Whether the image is MongoDB's own: the stand-in has no `mongod`."""
    looked = await Stack("none").run(
        "docker", "run", "--rm", "--entrypoint", "which", "mongo:8.2", "mongod", wanted=None
    )
    return looked.strip().endswith("/mongod")
