"""Processor time of the embedded stack without requests."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.bench.measure import Measure
from tests.support.running import Platform, running_platform

# Longer than the start's own work, and than the time until idle waits reach their maximum.
SETTLE_S = 15.0
MEASURED_S = 30.0
BAR = 0.15
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


async def measure_idle_cpu() -> Measure:
    """Percent of one core, in total and by process name, without readers and without the sample edition."""
    with TemporaryDirectory() as folder:
        async with running_platform(Path(folder) / "data") as platform:
            await asyncio.sleep(SETTLE_S)
            used = await cpu_percent(lambda: _names(platform), MEASURED_S)
    extra = {name: percent for name, percent in used.most_common() if percent >= 0.05}
    return Measure("idle_cpu", used.total(), 100.0, unit="% of core", bar=BAR, sense="at_most", extra=extra)


async def cpu_percent(names: Callable[[], Mapping[int, str]], seconds: float) -> "Counter[str]":
    """Percent of a core that processes use over some seconds, summed by name. `names` maps process ids to names."""
    before, began = {pid: _cpu_s(pid) for pid in names()}, monotonic()
    await asyncio.sleep(seconds)
    found, passed_s = names(), monotonic() - began
    used: Counter[str] = Counter()
    for pid, name in found.items():
        used[name] += 100 * (_cpu_s(pid) - before.get(pid, 0.0)) / passed_s  # type: ignore[assignment]
    return used


def _names(platform: Platform) -> Mapping[int, str]:
    """Names of all processes of the stack, by process id."""
    facts = platform.facts()
    listed = [item for key in ("processes", "engines") for item in facts[key]]  # type: ignore[attr-defined]
    return family({platform.supervisor.pid: "supervisor", **{int(item["pid"]): str(item["name"]) for item in listed}})


def family(owners: Mapping[int, str]) -> Mapping[int, str]:
    """Add all descendants of the processes; each has the name of its nearest ancestor in `owners` (nginx workers)."""
    names, parents = dict(owners), _parents()
    added = True
    while added:
        added = False
        for pid, parent in parents.items():
            if pid not in names and parent in names:
                names[pid], added = names[parent], True
    return names


def _parents() -> Mapping[int, int]:
    """Parent process ids of all processes of this machine."""
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            found[int(entry.name)] = int(fields[1])
    return found


def _cpu_s(pid: int) -> float:
    """User and system time of a process with its threads; 0 if it has ended."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (the state) on; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"idle_cpu": measure_idle_cpu}
