"""What the fault tests have in common: a load that writes its ledger, wounds, and the wait until all has come to rest."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.ledger import History, find_breaches, read_history
from tests.support.polling import eventually
from tests.support.running import ROOT, Platform

RECOVERY_BAR_S = 15.0


@asynccontextmanager
async def views_coming_in(
    platform: Platform, articles: Sequence[str], ledger: Path, seconds: float, *, rate: float = 200
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Views from a process that no fault touches; it has ended when the block has."""
    command = [sys.executable, "-m", "tests.support.ledger", "--edge", platform.edge, "--ledger", str(ledger)]
    command += ["--rate", str(rate), "--seconds", str(seconds), *articles]
    reader = subprocess.Popen(command, cwd=ROOT)
    try:
        yield reader
        await asyncio.to_thread(reader.wait, seconds + 60)
    finally:
        reader.kill()


async def kill_again_and_again(
    platform: Platform, victims: Iterable[tuple[str, int]], *, seconds: float, every_s: float
) -> list[float]:
    """SIGKILL the victims in turn until the time is over; returns how long each took to be ready again."""
    recoveries = []
    end = time.monotonic() + seconds
    for name, instance in _in_turn(victims):
        if time.monotonic() >= end:
            return recoveries
        started = time.monotonic()
        killed = platform.signal(name, signal.SIGKILL, instance)
        await until_ready(platform, name, instance, other_than=killed)
        recoveries.append(time.monotonic() - started)
        await asyncio.sleep(max(0.0, every_s - recoveries[-1]))
    return recoveries


def _in_turn(victims: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    listed = list(victims)
    while True:
        yield from listed


async def until_ready(platform: Platform, name: str, instance: int, *, other_than: int = 0) -> None:
    """Wait until one service process, a new one if its old process id is given, says that it is ready."""

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


async def until_all_counted(platform: Platform, ledger: Path, articles: Sequence[str]) -> History:
    """Wait until the counts keep every promise of the ledger, and go on keeping it; fails with what is broken."""
    history = read_history(ledger)
    assert history.acknowledged.total() > 0, "no view was acknowledged: the test has proved nothing"
    breaches: list[str] = []

    async def kept() -> bool:
        nonlocal breaches
        breaches = find_breaches(history, {article: await platform.views(article) for article in articles})
        return not breaches

    await eventually(kept, what=lambda: f"{breaches}\n{platform.output()}")
    await _stays_so(kept)
    return history


async def _stays_so(kept: object) -> None:
    """What was counted twice comes late: the counts must hold for two seconds on end."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert callable(kept)
        assert await kept(), "the counts went on after everything was counted: something counted twice"
        await asyncio.sleep(0.2)


async def some_articles(platform: Platform, count: int, what: str) -> list[str]:
    """So many published articles, known to popularity."""
    made = [await platform.publish(f"{what} {number}") for number in range(count)]
    for article in made:

        async def known(wanted: object = article["id"]) -> bool:
            async with platform.http.get(f"{platform.edge}/v1/articles/{wanted}/views") as answer:
                return answer.status == 200

        await eventually(known, what=lambda: f"popularity knows the article\n{platform.output()}")
    return [str(article["id"]) for article in made]


def report(what: str, history: History | None, recoveries: Sequence[float]) -> None:
    """Print what a fault cost, for the record."""
    counts = (
        f"{history.acknowledged.total()} acknowledged, {history.unknown.total()} unknown, 0 lost, 0 doubled; "
        if history
        else ""
    )
    worst = (
        f"recovery {min(recoveries):.1f} to {max(recoveries):.1f} s over {len(recoveries)} faults" if recoveries else ""
    )
    print(f"\n[faults] {what}: {counts}{worst}")
