"""The audit of packages fails for a known advisory, and says when no database answers."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

ROOT = Path(__file__).resolve().parents[3]
_ADVISORY = {"id": "PYSEC-2099-1", "modified": "2026-01-01T00:00:00Z", "summary": "A fault", "affected": []}


async def _audit(*words: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        str(ROOT / "deploy" / "audit"), *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


def _database(affected: Sequence[str], asked: list[str]) -> TestServer:
    """OSV's two routes: advisories by package, and one advisory."""

    async def query(request: web.Request) -> web.Response:
        names = [query["package"]["name"] for query in json.loads(await request.read())["queries"]]
        asked.extend(names)
        found = {"vulns": [{"id": _ADVISORY["id"], "modified": _ADVISORY["modified"]}]}
        return web.json_response({"results": [found if name in affected else {} for name in names]})

    async def show(_: web.Request) -> web.Response:
        return web.json_response(_ADVISORY)

    app = web.Application()
    app.add_routes([web.post("/v1/querybatch", query), web.get("/v1/vulns/{id}", show)])
    return TestServer(app)


@pytest.mark.parametrize(("affected", "status"), [((), 0), (("aiohttp",), 1)])
async def test_package_with_an_advisory_fails_the_audit(affected: Sequence[str], status: int) -> None:
    asked: list[str] = []
    async with _database(affected, asked) as server:
        found, output = await _audit(str(server.make_url("")).rstrip("/"))

    assert found == status, output
    assert ("PYSEC-2099-1" in output) == bool(affected)
    assert {"aiohttp", "secantusdb", "pytest"} <= set(asked), "also the packages of the embedded stack and of the tests"


async def test_database_that_does_not_answer_is_reported() -> None:
    usual, required = await asyncio.gather(_audit("http://127.0.0.1:9"), _audit("--required", "http://127.0.0.1:9"))

    assert (usual[0], required[0]) == (0, 2)
    assert "LEFT OUT" in usual[1]
    assert "LEFT OUT" in required[1]
