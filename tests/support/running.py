"""The whole platform as a user starts it, in a folder and on a port of its own, for tests that live with it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.support.polling import eventually

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 240.0
STOP_WITHIN_S = 120.0


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Platform:
    """A running platform: its public address, its processes, an editor's token, and a client."""

    def __init__(self, data: Path, port: int, supervisor: subprocess.Popen[bytes]) -> None:
        self.data = data
        self.edge = f"http://127.0.0.1:{port}"
        self.supervisor = supervisor
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))

    def facts(self) -> Mapping[str, object]:
        """What run.json says now; empty before there is one."""
        try:
            found: dict[str, object] = json.loads((self.data / "run.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def processes(self, name: str) -> list[Mapping[str, object]]:
        """The processes of one name, by instance: services, and the engines `kafka`, `mongo`, `redis` and `edge`."""
        services, engines = (self.facts().get(key, []) for key in ("processes", "engines"))
        assert isinstance(services, list)
        assert isinstance(engines, list)
        return sorted(
            (item for item in services + engines if item["name"] == name), key=lambda item: int(item["instance"])
        )

    def url(self, name: str, instance: int = 1) -> str:
        """The own address of one instance of a service."""
        return str(self.processes(name)[instance - 1]["url"])

    def signal(self, name: str, sent: signal.Signals, instance: int = 1) -> int:
        """Send a signal to one process; returns its process id."""
        pid = int(str(self.processes(name)[instance - 1]["pid"]))
        os.kill(pid, sent)
        return pid

    @property
    def editor(self) -> dict[str, str]:
        """An admin's credentials."""
        return {"Authorization": f"Bearer {(self.data / 'editor.token').read_text().strip()}"}

    async def post(
        self, path: str, body: object, *, headers: Mapping[str, str] | None = None, wanted: int = 200
    ) -> dict[str, object]:
        """POST JSON as an editor and return the answer's JSON; the status must be `wanted`."""
        async with self.http.post(self.edge + path, json=body, headers={**self.editor, **(headers or {})}) as answer:
            assert answer.status == wanted, f"{path}: {answer.status} {await answer.text()}"
            found: dict[str, object] = await answer.json()
            return found

    async def publish(
        self, headline: str, *, section: str = "world", body: str = "A body.", **fields: object
    ) -> dict[str, object]:
        """Write and publish an article; returns it as published."""
        article = {"headline": headline, "section": section, "body_markdown": body, **fields}
        draft = await self.post("/v1/articles", article, wanted=201)
        return await self.act(draft, "publish", {})

    async def act(self, article: Mapping[str, object], verb: str, body: object) -> dict[str, object]:
        """publish, correct or withdraw an article at the version in hand."""
        match = {"If-Match": f'"{article["version"]}"'}
        return await self.post(f"/v1/articles/{article['id']}/{verb}", body, headers=match)

    async def page(self, path: str, *, base: str | None = None) -> tuple[int, str]:
        """A page's status and text, past the edge's micro-cache when `base` names a gateway."""
        async with self.http.get((base or self.edge) + path, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def views(self, article_id: object) -> int:
        """How often an article was viewed, in all."""
        async with self.http.get(f"{self.edge}/v1/articles/{article_id}/views") as answer:
            answer.raise_for_status()
            return int((await answer.json())["views"]["all"])

    def output(self) -> str:
        """The end of what the platform printed, for a failure's message."""
        return (self.data / "output.log").read_text(errors="replace")[-4000:]


@asynccontextmanager
async def running_platform(data: Path, **settings: str) -> AsyncIterator[Platform]:
    """Start the platform, yield it once it answers, and stop it. `settings` are `WM_*` without the prefix."""
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    given = {"PORT": str(port), "DATA": str(data), "EDITION": "none", "RATE_LIMITS": "off", **settings}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WM_")}
    for kept in ("WM_KAFKA", "WM_MONGO", "WM_REDIS"):
        if os.environ.get(kept) and kept.removeprefix("WM_") not in settings:
            environment[kept] = os.environ[kept]
    environment |= {f"WM_{name}": value for name, value in given.items()} | {"WM_STOP_WITH_PARENT": str(os.getpid())}
    with (data / "output.log").open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.local"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    platform = Platform(data, port, supervisor)
    try:
        await _wait_until_it_answers(platform)
        yield platform
    finally:
        await platform.http.close()
        supervisor.terminate()
        await asyncio.to_thread(supervisor.wait, STOP_WITHIN_S)


async def _wait_until_it_answers(platform: Platform) -> None:
    async def answers() -> bool:
        assert platform.supervisor.poll() is None, platform.output()
        return f"{platform.edge}\n" in (platform.data / "output.log").read_text(errors="replace") and bool(
            platform.facts()
        )

    await eventually(answers, within_s=START_WITHIN_S, what=lambda: platform.output())
