"""Twenty kinds of attack at once, from five addresses, while readers, commenters and an editor work on the same platform.

`WM_FAULT_SECONDS` is the length of the attack, a minute without it. Printed: the answers to each attack, the good clients' times
beside those of a quiet time before, and each process's memory.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.attacks import ATTACKS
from tests.support.good_clients import GoodClients, Measured, p50_ms, p99_ms, working
from tests.support.polling import eventually
from tests.support.running import ROOT, Platform, running_platform

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(1800), pytest.mark.long]

SECONDS = float(os.environ.get("WM_FAULT_SECONDS", "60"))
# Caches fill and allocators settle in the first half; then memory stays.
MOST_GROWTH_MIB = 48
# The embedded MongoDB keeps each document in memory, by design of the engine (docs/EMBEDDED.md).
GROWS = frozenset({"mongo"})
BODY = "The ferry to the island leaves at nine. " * 60


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def limited(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A platform with its limits on."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    settings = {"RATE_LIMITS": "on", "COMMENTS_MODE": "post", "SCALE": "rendering=2"}
    async with running_platform(data, **settings) as running:
        yield running


def memory_mib(platform: Platform) -> Mapping[str, float]:
    """Resident memory of each process."""
    facts = platform.facts()
    listed = [*facts.get("processes", []), *facts.get("engines", [])]  # type: ignore[misc]
    return {f"{one['name']} {one['instance']}": _resident_mib(int(one["pid"])) for one in listed}


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _attack(platform: Platform, article: Mapping[str, object], seconds: float) -> Mapping[str, Mapping[str, int]]:
    """Run the attacks in a process of their own. Returns the statuses of each."""
    command = [sys.executable, "-m", "tests.support.attacks", platform.edge, str(article["id"]), str(article["url"])]
    attack = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        await asyncio.sleep(seconds)
        attack.terminate()
        printed, _ = await attack.communicate()
    finally:
        if attack.returncode is None:
            attack.kill()
    found: Mapping[str, Mapping[str, int]] = json.loads(printed)
    return found


def _report(quiet: Measured, hostile: Measured, statuses: Mapping[str, Mapping[str, int]]) -> None:
    print(f"\n{'attack':32}answers")
    for name in ATTACKS:
        print(f"{name:32}" + ", ".join(f"{status}: {number}" for status, number in sorted(statuses[name].items())))
    print(
        f"\n{'client or route':32}{'calls':>7}{'p50 quiet':>11}{'attacked':>10}{'p99 quiet':>11}{'attacked':>10}{'ratio':>7}  ms"
    )
    for kind in ("reader", "commenter", "editor"):
        _print_times(kind, quiet.seconds[kind], hostile.seconds[kind])
    for route in sorted(quiet.of_routes):
        _print_times(route, quiet.of_routes[route], hostile.of_routes[route])


def _print_times(name: str, quiet: Sequence[float], hostile: Sequence[float]) -> None:
    p50, p99 = (p50_ms(quiet), p50_ms(hostile)), (p99_ms(quiet), p99_ms(hostile))
    print(f"{name:32}{len(hostile):7}{p50[0]:11.0f}{p50[1]:10.0f}{p99[0]:11.0f}{p99[1]:10.0f}{p99[1] / p99[0]:7.1f}")


async def test_good_clients_work_on_while_twenty_attacks_run(limited: Platform) -> None:
    article = await limited.publish("The ferry to the island", body=BODY)
    for number in range(30):
        await limited.publish(f"Ferry news {number}", body=BODY)
    await limited.until_shown(article["url"], "The ferry to the island")
    clients = GoodClients(limited.edge, limited.editor, article)

    async with working(clients):
        await asyncio.sleep(min(SECONDS / 2, 60))
    quiet, clients.measured = clients.measured, Measured()
    attack = asyncio.create_task(_attack(limited, article, SECONDS))
    async with working(clients):
        await asyncio.sleep(SECONDS / 2)
        settled = memory_mib(limited)
        statuses = await attack
        ended = memory_mib(limited)

    _report(quiet, clients.measured, statuses)
    grown = {name: round(ended[name] - settled[name], 1) for name in ended if name in settled}
    print(f"\nmemory at the end and its growth, MiB: { ({name: (round(ended[name]), grown[name]) for name in grown}) }")
    assert clients.measured.failures == {}
    assert ended.keys() == settled.keys(), "a process was started again"
    assert {name: size for name, size in grown.items() if size > MOST_GROWTH_MIB and name.split()[0] not in GROWS} == {}
    await _nothing_is_lost(limited, clients)


async def _nothing_is_lost(platform: Platform, clients: GoodClients) -> None:
    for url in clients.published:
        await platform.until_shown(url, "It left early.")
    await eventually(lambda: _has_comments(platform, clients), what="every acknowledged comment is listed")

    async def counted() -> bool:
        return await platform.views(clients.article["id"]) >= clients.views

    await eventually(counted, what="every acknowledged view is counted")


async def _has_comments(platform: Platform, clients: GoodClients) -> bool:
    missing, cursor = set(clients.comments), ""
    while missing:
        path = f"/v1/articles/{clients.article['id']}/comments?limit=100&sort=oldest&cursor={cursor}"
        async with platform.http.get(platform.edge + path) as answer:
            found = await answer.json()
        missing -= {comment["body"] for comment in found["items"]}
        cursor = found["next_cursor"]
        if cursor is None:
            break
    return not missing
