"""A service after SIGTERM: not ready, still serving for WM_DRAIN_S, then ended with status 0."""

import asyncio
import os
import signal
import subprocess
import sys

import aiohttp

from tests.support.polling import PATIENCE_S, eventually
from tests.support.ports import free_port
from tests.support.running import ROOT

_SERVICE = """
from aiohttp import web
from shared.http.app import create_service, run_service
from shared.http.problems import json_response
from shared.settings import Settings

async def hello(_):
    return json_response({})

run_service("hello", Settings, lambda settings: create_service(settings, [web.get("/hello", hello)]))
"""


async def test_service_after_sigterm_is_not_ready_but_serves_until_it_ends() -> None:
    port = free_port()
    environment = {**os.environ, "WM_SERVICE_PORT": str(port), "WM_DRAIN_S": "10"}
    process = subprocess.Popen([sys.executable, "-c", _SERVICE], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:

            async def status(path: str) -> int:
                async with http.get(url + path) as answer:
                    return answer.status

            async def is_ready() -> bool:
                return await status("/health/ready") == 200

            async def is_not_ready() -> bool:
                return await status("/health/ready") == 503

            await eventually(is_ready, what="ready")
            process.send_signal(signal.SIGTERM)
            await eventually(is_not_ready, what="not ready")
            served = await status("/hello")

        assert served == 200
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0
    finally:
        process.kill()
