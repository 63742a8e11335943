"""Liveness, readiness and metrics of a service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.errors import Unavailable
from shared.http.problems import json_response

Check = Callable[[], Awaitable[Mapping[str, object]]]


class Health:
    """The checks behind readiness. A check returns facts to show; it raises Unavailable with the reason when it fails."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.is_stopping = False

    def add(self, name: str, check: Check) -> None:
        """Add a check of a dependency or a background task."""
        self._checks[name] = check

    async def report(self) -> tuple[bool, dict[str, object]]:
        """Whether the service is ready, and the facts of every check. Each check may take one second."""
        checks: dict[str, object] = {}
        ready = not self.is_stopping
        facts: dict[str, object] = {}
        for name, check in self._checks.items():
            try:
                async with asyncio.timeout(1.0):
                    found = await check()
                checks[name] = {"ok": True, **found}
                facts.update(found)
            except (Unavailable, TimeoutError) as error:
                ready = False
                checks[name] = {"ok": False, "reason": str(error) or "no answer within 1 s"}
        return ready, {"status": _status(ready, self.is_stopping), **facts, "checks": checks}


def _status(ready: bool, is_stopping: bool) -> str:
    return "stopping" if is_stopping else "ready" if ready else "not ready"


HEALTH = web.AppKey("health", Health)


async def show_live(_: web.Request) -> web.Response:
    """Answer 200 as long as the event loop runs."""
    return json_response({"status": "live"})


async def show_ready(request: web.Request) -> web.Response:
    """Whether the service is ready (200 or 503), with the result of each check."""
    ready, report = await request.app[HEALTH].report()
    return json_response(report, status=200 if ready else 503)


async def show_metrics(_: web.Request) -> web.Response:
    """All metrics in Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


HEALTH_ROUTES = [
    web.get("/health/live", show_live),
    web.get("/health/ready", show_ready),
    web.get("/metrics", show_metrics),
]
