"""`python -m tests.compose [--short]` runs all steps and prints the table. Exit status 1 when a limit is exceeded."""

import argparse
import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.compose import steps
from tests.compose.cluster import lose_members
from tests.compose.drill import Drill, show_progress
from tests.compose.load import Public
from tests.compose.stack import ENGINES, SERVICES, Stack
from tests.compose.tls import speak_tls


async def all_steps(drill: Drill, *, short: bool) -> list[str]:
    """Run every step of the short or the long form. Returns the breaches of access control."""
    stack, public = drill.stack, drill.public
    show_progress("an article's life")
    await steps.run_article_life_cycle(public)
    show_progress("a picture")
    await steps.show_a_picture(public)
    public.viewed = [await public.publish(f"Viewed {number}") for number in range(4)]
    show_progress("forbidden access")
    breaches = await steps.find_breaches_of_access(stack)
    if not short:
        show_progress("a topic of an older release")
        await steps.correct_a_topic(stack)
        show_progress("at rest")
        used = await steps.rest(stack)
        show_progress(
            "percent of a core at rest: " + ", ".join(f"{name} {percent:.1f}" for name, percent in used.items())
        )
    for service in ("rendering",) if short else SERVICES:
        await drill.under_load(f"scale {service} 1-4-1", partial(steps.scale_there_and_back, stack, public, service))
    for service in ("popularity-counter",) if short else (*SERVICES, *ENGINES, "edge"):
        await drill.under_load(f"kill {service}", partial(steps.kill, stack, public, service), may_fail=True)
    if short:
        return breaches
    for engine in ENGINES:
        await drill.under_load(f"restart {engine}", partial(steps.restart, stack, public, engine), may_fail=True)
    for service in SERVICES:
        await drill.under_load(f"roll {service}", partial(steps.roll, stack, service))
    return breaches


async def one_platform(*, short: bool, only: str) -> list[str]:
    """Test the compose file without overlays."""
    stack = Stack("wm-compose-test")
    await stack.down()
    breaches: list[str] = []
    try:
        show_progress("building and starting")
        seconds, token = await steps.bring_up(stack)
        whole, own = await steps.image_size_mb()
        show_progress(
            f"first page {seconds:.1f} s after `up`; the image has {whole} MB, {own} of them not the base image's"
        )
        with tempfile.TemporaryDirectory() as folder:
            public = Public(stack.edge, token, Path(folder) / "ledger")
            drill = Drill(stack, public, only)
            try:
                breaches += await all_steps(drill, short=short)
            finally:
                await public.http.close()
                breaches += drill.conclude()
        if not short and not only:
            show_progress("TLS")
            await speak_tls(stack)
    except BaseException:
        print(await stack.run("docker", "compose", "logs", "--tail", "15", wanted=None), flush=True)
        raise
    finally:
        show_progress("stopping everything")
        await stack.down()
    return breaches


async def main() -> int:
    """Test one platform, then the overlay of three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="up, life cycle, scale, one kill, down")
    parser.add_argument("--cluster-only", action="store_true", help="only the overlay of three")
    parser.add_argument("--only", default="", help="steps with one of these in their names: kill redis,roll")
    given = parser.parse_args()
    breaches = [] if given.cluster_only else await one_platform(short=given.short, only=given.only)
    if given.cluster_only or not (given.short or given.only):
        show_progress("three of each")
        breaches += await lose_members(given.only)
    for breach in breaches:
        print(f"FAILED: {breach}")
    show_progress("every limit was kept" if not breaches else f"{len(breaches)} limits were exceeded")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
