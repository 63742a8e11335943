"""Helpers of the fault tests: a load with a ledger, repeated kills, and waits for recovery."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.ledger import History, find_breaches, read_history
from tests.support.polling import eventually
from tests.support.running import ROOT, Platform

RECOVERY_BAR_S = 15.0
# `fault_seconds`: seconds for which a fault is repeated, few in `make test`, many in `make faults`.
FAULT_SECONDS = float(os.environ.get("WM_FAULT_SECONDS", "8"))
IS_LONG = FAULT_SECONDS >= 60
# Enough that each kill meets views on their way.
VIEWS_PER_S = 200.0 if IS_LONG else 60.0


@asynccontextmanager
async def sending_views(
    platform: Platform,
    articles: Sequence[str],
    ledger: Path,
    seconds: float,
    *,
    rate: float = VIEWS_PER_S,
    at_once: int = 16,
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Send views from a process that the faults do not touch. It has finished at the end of the block."""
    command = [sys.executable, "-m", "tests.support.ledger", "--edge", platform.edge, "--ledger", str(ledger)]
    command += ["--rate", str(rate), "--seconds", str(seconds), "--at-once", str(at_once), *articles]
    sender = subprocess.Popen(command, cwd=ROOT)
    try:
        yield sender
        await asyncio.to_thread(sender.wait, seconds + 60)
    finally:
        sender.kill()


async def kill_repeatedly(
    platform: Platform, victims: Iterable[tuple[str, int]], *, seconds: float, every_s: float
) -> list[float]:
    """Send SIGKILL to the victims in turn for `seconds`. Returns the recovery time of each kill in seconds."""
    recoveries: list[float] = []
    end = time.monotonic() + seconds
    for name, instance in cycle(victims):
        if time.monotonic() >= end:
            return recoveries
        started = time.monotonic()
        killed = platform.signal(name, signal.SIGKILL, instance)
        await until_ready(platform, name, instance, other_than=killed)
        recoveries.append(time.monotonic() - started)
        await asyncio.sleep(max(0.0, every_s - recoveries[-1]))
    return recoveries


async def until_ready(platform: Platform, name: str, instance: int, *, other_than: int = 0) -> None:
    """Wait until a service process is ready. `other_than` is the process id of its predecessor."""

    async def ready() -> bool:
        found = platform.processes(name)[instance - 1]
        if found["pid"] == other_than:
            return False
        address = urlsplit(str(found["url"]))
        if address.scheme != "http":
            _, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.close()
            return True
        async with platform.http.get(f"{found['url']}/health/ready") as answer:
            return answer.status == 200

    await eventually(ready, what=lambda: f"{name} {instance} ready again\n{platform.output()}")


async def check_counts(platform: Platform, ledger: Path, articles: Sequence[str]) -> History:
    """Wait until the counts match the ledger, then check that they stay so. Fails with the differences."""
    history = read_history(ledger)
    assert history.acknowledged.total() > 0, "no view was acknowledged, so the test proves nothing"
    breaches: list[str] = []

    async def counts_match() -> bool:
        nonlocal breaches
        breaches = find_breaches(history, {article: await platform.views(article) for article in articles})
        return not breaches

    await eventually(counts_match, what=lambda: f"{breaches}\n{platform.output()}")
    await _remains_true(counts_match)
    return history


async def _remains_true(counts_match: Callable[[], Awaitable[bool]]) -> None:
    # Two seconds, because a view that is counted twice may arrive late.
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert await counts_match(), "the counts rose after every view was counted: a view was counted twice"
        await asyncio.sleep(0.2)


async def publish_articles(platform: Platform, count: int, headline: str) -> list[str]:
    """Publish articles and wait until popularity knows them; return their ids."""
    published = [await platform.publish(f"{headline} {number}") for number in range(count)]
    for article in published:

        async def known(wanted: object = article["id"]) -> bool:
            async with platform.http.get(f"{platform.edge}/v1/articles/{wanted}/views") as answer:
                return answer.status == 200

        await eventually(known, what=lambda: f"popularity knows the article\n{platform.output()}")
    return [str(article["id"]) for article in published]


def report(what: str, history: History | None, recoveries: Sequence[float]) -> None:
    """Print the outcome of a fault."""
    counts = (
        f"{history.acknowledged.total()} acknowledged, {history.unknown.total()} unknown, 0 lost, 0 doubled; "
        if history
        else ""
    )
    worst = (
        f"recovery {min(recoveries):.1f} to {max(recoveries):.1f} s over {len(recoveries)} faults" if recoveries else ""
    )
    print(f"\n[faults] {what}: {counts}{worst}")
