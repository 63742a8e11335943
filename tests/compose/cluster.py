"""The overlay of three, as far as stand-ins go: three real brokers, one of which is lost while views and articles come in.

The stand-in for MongoDB cannot replicate, so `tests/compose/one-member.yml` leaves its set at one member.
"""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.compose import steps
from tests.compose.load import Public
from tests.compose.stack import Stack

_FILES = ("deploy/compose.cluster.yml", "tests/compose/one-member.yml")


async def lose_one_broker(say: Callable[[str], None]) -> list[str]:
    """SIGKILL to one of three brokers under load, and one more after the first is back; what was lost."""
    stack = Stack("wm-cluster-test", _FILES)
    await stack.down()
    breaches: list[str] = []
    try:
        seconds, token = await steps.bring_up(stack)
        say(f"first page {seconds:.1f} s after `up`")
        with tempfile.TemporaryDirectory() as folder:
            public = Public(stack.edge, token, Path(folder) / "ledger")
            try:
                public.viewed = [await public.publish(f"Viewed {number}") for number in range(4)]
                for broker in ("kafka-2", "kafka"):
                    async with public.coming() as tally:
                        await asyncio.sleep(2)
                        await stack.kill(broker)
                        await asyncio.sleep(15)
                        well_s = await stack.until_well(public.http)
                    lost = await public.kept()
                    say(
                        f"{broker} killed: {tally.reads} reads, {tally.failed.total()} failed, {tally.writes} writes, "
                        f"{lost[0]} lost; views {lost[1]} lost, {lost[2]} doubled; well {15 + well_s:.0f} s later"
                    )
                    breaches += [f"cluster, {broker} killed: {lost} lost or doubled"] if lost != (0, 0, 0) else []
                    breaches += [f"cluster, {broker} killed: {tally.failed}"] if tally.failed else []
            finally:
                await public.http.close()
    finally:
        await stack.down()
    return breaches
