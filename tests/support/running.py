"""The whole platform as a user starts it, with its own folder and port."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.support.engines import start_supervisor
from tests.support.polling import eventually
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 240.0
STOP_WITHIN_S = 120.0


class Platform:
    """A running platform: its public address, its processes, an editor's token, and a client."""

    def __init__(self, data: Path, port: int, supervisor: subprocess.Popen[bytes]) -> None:
        self.data = data
        self.edge = f"http://127.0.0.1:{port}"
        self.supervisor = supervisor
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))

    def facts(self) -> Mapping[str, object]:
        """The contents of run.json; empty before the platform has written it."""
        try:
            found: dict[str, object] = json.loads((self.data / "run.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def processes(self, name: str) -> list[Mapping[str, object]]:
        """The processes with this name, by instance: of a service, or of `kafka`, `mongo`, `redis` or `edge`."""
        services, engines = (self.facts().get(key, []) for key in ("processes", "engines"))
        assert isinstance(services, list)
        assert isinstance(engines, list)
        return sorted(
            (item for item in services + engines if item["name"] == name), key=lambda item: int(item["instance"])
        )

    def url(self, name: str, instance: int = 1) -> str:
        """The address of one instance of a service, without the edge."""
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
        """POST JSON as an editor and return the response's JSON. The status must be `wanted`."""
        async with self.http.post(self.edge + path, json=body, headers={**self.editor, **(headers or {})}) as answer:
            assert answer.status == wanted, f"{path}: {answer.status} {await answer.text()}"
            found: dict[str, object] = await answer.json()
            return found

    async def publish(
        self, headline: str, *, section: str = "world", body: str = "A body.", **fields: object
    ) -> dict[str, object]:
        """Create and publish an article; return the published version."""
        article = {"headline": headline, "section": section, "body_markdown": body, **fields}
        draft = await self.post("/v1/articles", article, wanted=201)
        return await self.act(draft, "publish", {})

    async def act(self, article: Mapping[str, object], verb: str, body: object) -> dict[str, object]:
        """Call `publish`, `correct` or `withdraw` for this version of an article."""
        match = {"If-Match": f'"{article["version"]}"'}
        return await self.post(f"/v1/articles/{article['id']}/{verb}", body, headers=match)

    async def edit(self, article: Mapping[str, object], fields: Mapping[str, object]) -> dict[str, object]:
        """Replace the text of this version of an article with `fields`, without publishing it."""
        url, match = f"{self.edge}/v1/articles/{article['id']}", f'"{article["version"]}"'
        async with self.http.put(url, json=fields, headers={**self.editor, "If-Match": match}) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, object] = await answer.json()
            return found

    async def page(self, path: str, *, base: str | None = None) -> tuple[int, str]:
        """Status and text of a page. `base`, the address of a gateway, bypasses the edge and its cache."""
        async with self.http.get((base or self.edge) + path, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def until_shown(self, path: object, text: str, *, base: str | None = None) -> None:
        """Wait until a page shows a text."""

        async def shown() -> bool:
            status, found = await self.page(str(path), base=base)
            return status == 200 and text in found

        await eventually(shown, what=f"{path} shows {text!r}")

    async def views(self, article_id: object) -> int:
        """Number of views of an article."""
        async with self.http.get(f"{self.edge}/v1/articles/{article_id}/views") as answer:
            answer.raise_for_status()
            return int((await answer.json())["views"]["all"])

    def output(self) -> str:
        """The last part of the platform's output, for failure messages."""
        return (self.data / "output.log").read_text(errors="replace")[-4000:]


_ALL_VIEWS_COUNT = {"VIEW_FILTER": "off", "VIEW_REPEAT_S": "0"}


@asynccontextmanager
async def running_platform(data: Path, **settings: str) -> AsyncIterator[Platform]:
    """Start the platform, yield it once it answers, and stop it. `settings` are `WM_*` variables without the prefix.

    One program sends all views, so each of them counts.
    """
    port = free_port()
    data.mkdir(parents=True, exist_ok=True)
    given = {
        "PORT": str(port),
        "DATA": str(data),
        "EDITION": "none",
        "RATE_LIMITS": "off",
        **_ALL_VIEWS_COUNT,
        **settings,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WM_")}
    for kept in ("WM_KAFKA", "WM_MONGO", "WM_REDIS"):
        if os.environ.get(kept) and kept.removeprefix("WM_") not in settings:
            environment[kept] = os.environ[kept]
    environment |= {f"WM_{name}": value for name, value in given.items()}
    platform = Platform(data, port, start_supervisor(data, environment))
    try:
        await _wait_until_it_answers(platform)
        yield platform
    finally:
        await platform.http.close()
        platform.supervisor.terminate()
        await asyncio.to_thread(platform.supervisor.wait, STOP_WITHIN_S)


async def _wait_until_it_answers(platform: Platform) -> None:
    async def answers() -> bool:
        assert platform.supervisor.poll() is None, platform.output()
        return f"{platform.edge}\n" in (platform.data / "output.log").read_text(errors="replace") and bool(
            platform.facts()
        )

    await eventually(answers, within_s=START_WITHIN_S, what=platform.output)
