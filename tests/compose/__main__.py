"""`python -m tests.compose [--short]`: all steps in order, the table, exit status 1 when a bar is broken."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.compose import steps
from tests.compose.cluster import lose_one_broker
from tests.compose.load import Public
from tests.compose.report import Row, table
from tests.compose.stack import ENGINES, SERVICES, Stack
from tests.compose.tls import speak_tls

_BEGAN = time.monotonic()


class Run:
    """One platform's rows."""

    def __init__(self, stack: Stack, public: Public, only: str = "") -> None:
        self._only = only
        self.stack = stack
        self.public = public
        self.rows: list[Row] = []
        self.unfinished: list[str] = []

    async def under_load(
        self, name: str, deed: Callable[[], Awaitable[float | None]], *, may_fail: bool = False
    ) -> None:
        """Do something while everybody reads and writes; then see whether every promise was kept."""
        if not any(wanted in name for wanted in self._only.split(",")):
            return
        say(name)
        async with self.public.coming() as tally:
            try:
                recovery_s = await deed()
            except AssertionError as error:
                recovery_s = None
                self.unfinished.append(f"{name}: {str(error)[-600:]}")
        kept = await self.public.kept()
        failures = ", ".join(f"{what} x {times}" for what, times in tally.failed.most_common(3))
        failed = tally.failed.total()
        row = Row(name, tally.reads, failed, tally.writes, *kept, recovery_s, may_fail, failures)
        self.rows.append(row)


def say(line: str) -> None:
    """A line of progress."""
    print(f"compose: {time.monotonic() - _BEGAN:5.0f} s  {line}", flush=True)


async def all_steps(run: Run, *, short: bool) -> list[str]:
    """Every step of the short or the long form; what broke a bar."""
    stack, public = run.stack, run.public
    breaches: list[str] = []
    say("an article's life")
    await steps.live_an_articles_life(public)
    public.viewed = [await public.publish(f"Viewed {number}") for number in range(4)]
    say("trespassing")
    breaches += await steps.trespass(stack)
    for service in ("rendering",) if short else SERVICES:
        await run.under_load(f"scale {service} 1-4-1", lambda name=service: steps.scale_there_and_back(stack, name))
    for service in ("rendering", "popularity-counter") if short else (*SERVICES, *ENGINES, "edge"):
        await run.under_load(f"kill {service}", lambda name=service: steps.kill(stack, public, name), may_fail=True)
    if short:
        return breaches
    for engine in ENGINES:
        await run.under_load(f"restart {engine}", lambda name=engine: steps.restart(stack, public, name), may_fail=True)
    for service in SERVICES:
        await run.under_load(f"roll {service}", lambda name=service: steps.roll(stack, name))
    return breaches


async def one_platform(*, short: bool, only: str) -> list[str]:
    """The compose file as it is."""
    stack = Stack("wm-compose-test")
    await stack.down()
    breaches: list[str] = []
    try:
        say("building and starting")
        seconds, token = await steps.bring_up(stack)
        whole, own = await steps.image_size_mb()
        say(f"first page {seconds:.1f} s after `up`; the image has {whole} MB, {own} of them not the base image's")
        with tempfile.TemporaryDirectory() as folder:
            public = Public(stack.edge, token, Path(folder) / "ledger")
            run = Run(stack, public, only)
            try:
                breaches += await all_steps(run, short=short)
            finally:
                await public.http.close()
                print(f"\n{table(run.rows)}\n", flush=True)
                breaches += [*run.unfinished, *(breach for row in run.rows for breach in row.breaches())]
        if not short and not only:
            say("TLS")
            await speak_tls(stack)
    except BaseException:
        print(await stack.run("docker", "compose", "logs", "--tail", "15", wanted=None), flush=True)
        raise
    finally:
        say("taking everything down")
        await stack.down()
    return breaches


async def main() -> int:
    """Both platforms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="up, life, scale, kill, down")
    parser.add_argument("--cluster-only", action="store_true", help="only the three brokers")
    parser.add_argument("--only", default="", help="steps with one of these in their names: kill redis,roll")
    given = parser.parse_args()
    breaches = [] if given.cluster_only else await one_platform(short=given.short, only=given.only)
    if not given.short and not given.only:
        say("three brokers")
        breaches += await lose_one_broker(say)
    for breach in breaches:
        print(f"BROKEN: {breach}")
    say("every bar was kept" if not breaches else f"{len(breaches)} bars were broken")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
