"""The platform as a compose project of its own: docker and compose by their command lines, processes by the host's /proc."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.polling import eventually
from tests.support.ports import free_port
from tests.support.running import ROOT

SERVICES = (
    "ingestion",
    "comments",
    "popularity",
    "popularity-counter",
    "rendering",
    "rendering-projector",
    "search",
    "desk",
    "media",
    "media-worker",
)
ENGINES = ("kafka", "mongo", "redis")
_ESTABLISHED = "01"
_SERVICE_PORT = f"{8000:04X}"


class CommandFailed(AssertionError):
    """A docker command ended with an error."""


@dataclass
class Stack:
    """One project. `files` are overlays; `settings` are variables of the compose file."""

    project: str
    files: Sequence[str] = ()
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def edge(self) -> str:
        """The public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of compose."""
        given = {name: value for name, value in os.environ.items() if not name.startswith("WM_")}
        files = ":".join(str(ROOT / name) for name in ("docker-compose.yml", *self.files))
        own = {"WM_PORT": str(self.port), "WM_RATE_LIMITS": "off", "WM_COMMENTS_MODE": "post", "WM_IMAGE": IMAGE}
        # One program sends all views, so each of them counts.
        own |= {"WM_VIEW_FILTER": "off", "WM_VIEW_REPEAT_S": "0"}
        return {**given, **own, "COMPOSE_PROJECT_NAME": self.project, "COMPOSE_FILE": files, **self.settings}

    async def run(self, *command: str, within_s: float = 240, wanted: int | None = 0, given: bytes = b"") -> str:
        """A command's output; fails when it ends with another status than `wanted` (None: any)."""
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=ROOT,
            env=self.environment,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=within_s,
        )
        output = done.stdout.decode(errors="replace")
        if wanted is not None and done.returncode != wanted:
            raise CommandFailed(f"{' '.join(command)}: exit status {done.returncode}\n{output[-3000:]}")
        return output

    async def compose(self, *arguments: str, within_s: float = 240) -> str:
        """A compose command's output."""
        return await self.run("docker", "compose", *arguments, within_s=within_s)

    async def containers(self, *services: str) -> list[dict[str, Any]]:
        """`docker inspect` of the running containers (of some services)."""
        ids = (await self.compose("ps", "-q", *services)).split()
        found: list[dict[str, Any]] = json.loads(await self.run("docker", "inspect", *ids)) if ids else []
        return found

    async def scale(self, service: str, number: int) -> None:
        """Scale a service; returns when new containers are healthy, or old ones gone."""
        await self.compose(
            "up", "-d", "--no-deps", "--no-recreate", "--wait", "--scale", f"{service}={number}", service
        )

    async def kill(self, service: str) -> None:
        """Send SIGKILL to a container's first process, like a crash. After `docker kill`, Docker would not restart it."""
        (found, *_) = await self.containers(service)
        os.kill(found["State"]["Pid"], signal.SIGKILL)

    async def until_healthy(self, http: aiohttp.ClientSession, *services: str) -> float:
        """Seconds until these services (all if none is named) are healthy and the edge serves a page."""
        began = time.monotonic()

        async def is_healthy() -> bool:
            states = [item["State"] for item in await self.containers(*services)]
            healthy = all(state["Running"] and state["Health"]["Status"] == "healthy" for state in states)
            return bool(states) and healthy and await self._answers(http)

        await eventually(
            is_healthy, within_s=120, every_s=0.3, what=f"{self.project}: {services or 'all'} healthy again"
        )
        return time.monotonic() - began

    async def _answers(self, http: aiohttp.ClientSession) -> bool:
        async with http.get(f"{self.edge}/") as page:
            return page.status == 200

    async def down(self) -> None:
        """Remove all containers and volumes."""
        await self.compose("--profile", "edition", "down", "-v", "--remove-orphans", "--timeout", "20", within_s=180)


IMAGE = "world-monitor:compose-test"


def is_connected(pid: int, address: str) -> bool:
    """Whether a container's service has an established connection at one of its addresses."""
    here = f"{bytes(reversed(ip_address(address).packed)).hex().upper()}:{_SERVICE_PORT}"
    rows = [row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return any(row[1] == here and row[3] == _ESTABLISHED for row in rows)


async def time_until_used(stack: Stack, service: str, number: int) -> float:
    """The longest time from a container's first 200 on /health/ready to the edge's connection to it, over `number` containers.

    0 for a container that the edge uses before it is ready. The host probes on the network `stores`, where the edge is not, so that
    its own connections do not count as the edge's.
    """
    ready: dict[int, float] = {}
    used: dict[int, float] = {}

    async def all_used() -> bool:
        for item in await stack.containers(service):
            pid = int(item["State"]["Pid"])
            addresses = {
                name.rpartition("_")[2]: on["IPAddress"] for name, on in item["NetworkSettings"]["Networks"].items()
            }
            if pid and pid not in used and is_connected(pid, addresses["services"]):
                used[pid] = time.monotonic()
            if pid and pid not in ready and await _is_ready(addresses["stores"]):
                ready[pid] = time.monotonic()
        return len(ready.keys() & used.keys()) >= number

    await eventually(all_used, within_s=90, every_s=0.1, what=lambda: f"{service}: ready {ready}, used {used}")
    return max(max(0.0, used[pid] - ready[pid]) for pid in ready.keys() & used.keys())


async def _is_ready(address: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as http,
            http.get(f"http://{address}:8000/health/ready") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
