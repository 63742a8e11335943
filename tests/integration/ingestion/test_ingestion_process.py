"""Ingestion as a process: acknowledged changes survive SIGKILL, and its commands work."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import structlog

from deploy.commands.app import main
from services.ingestion.app import create_app
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.http.app import run_service
from shared.mongo.client import Mongo
from shared.process.process import EXIT_SETTINGS
from tests.support.commands import world_monitor
from tests.support.ingestion import DRAFT
from tests.support.outbox import read_log
from tests.support.polling import PATIENCE_S, eventually
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(kafka_url: str, mongo_url: str, mongo_database: str, embedded_kafka: bool) -> Mapping[str, str]:
    return {
        **os.environ,
        "WM_KAFKA": kafka_url,
        "WM_KAFKA_IDEMPOTENCE": str(not embedded_kafka),
        "WM_MONGO": mongo_url,
        "WM_INGESTION_DATABASE": mongo_database,
        "WM_SERVICE_PORT": str(free_port()),
    }


@asynccontextmanager
async def service(environment: Mapping[str, str]) -> "AsyncIterator[tuple[subprocess.Popen[bytes], str]]":
    argv = [sys.executable, "-m", "services.ingestion"]
    process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{environment['WM_SERVICE_PORT']}"

    async def ready() -> bool:
        async with aiohttp.ClientSession() as http, http.get(f"{url}/health/ready") as answer:
            return answer.status == 200

    try:
        await eventually(ready, what="the service is ready")
        yield process, url
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, PATIENCE_S)


async def test_acknowledged_change_survives_sigkill_and_can_be_republished(
    environment: Mapping[str, str],
) -> None:
    made = world_monitor("tokens", "create", "--name", "Ines Halloran", "--role", "editor", **environment)
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}

    async with service(environment) as (process, url), aiohttp.ClientSession(url, headers=headers) as http:
        published: list[str] = []
        for _ in range(3):
            async with http.post("/v1/articles", json=DRAFT) as answer:
                article = await answer.json()
            async with http.post(f"/v1/articles/{article['id']}/publish", headers={"If-Match": '"1"'}) as answer:
                assert answer.status == 200, await answer.text()
                published.append(article["id"])
        process.kill()
        process.wait(PATIENCE_S)

    async with service(environment):

        async def all_in_the_log() -> bool:
            log = await read_log(environment["WM_KAFKA"], published)
            return all(set(versions) == {2} for versions in log.values())

        await eventually(all_in_the_log, what="every acknowledged publication is in the log")
        await _until_nothing_is_pending(environment)
        before = await read_log(environment["WM_KAFKA"], published)

        again = await asyncio.to_thread(world_monitor, "republish", "articles", **environment)

        assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "articles.v1 has every article again"), (
            again.stderr
        )
        after = await read_log(environment["WM_KAFKA"], published)
        assert after == {article_id: [*versions, 2] for article_id, versions in before.items()}


async def _until_nothing_is_pending(environment: Mapping[str, str]) -> None:
    store = Store(Mongo(environment["WM_MONGO"]), environment["WM_INGESTION_DATABASE"])

    async def quiet() -> bool:
        return not await store.outbox.pending() and await store.outbox.republish_progress() is None

    await eventually(quiet, what="nothing is pending")
    store.mongo.close()


@pytest.fixture
def run_command(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run a command in this process and return its output."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as done:
            main(words)
        assert done.value.code in (None, 0), done.value.code
        return capsys.readouterr().out

    return run


def test_tokens_are_listed_and_revoked_by_id(run_command: Callable[..., str]) -> None:
    token = run_command("tokens", "create", "--name", "  Ada  Byrne ", "--role", "reporter").strip()

    listed = run_command("tokens", "list")
    identity = listed.split()[0]
    revoked = run_command("tokens", "revoke", identity)

    assert token not in listed
    assert ("reporter" in listed, "Ada Byrne" in listed, "valid" in listed) == (True, True, True)
    assert revoked == f"revoked {identity}\n"
    assert "revoked" in run_command("tokens", "list")
    with pytest.raises(SystemExit, match="no valid token"):
        main(("tokens", "revoke", identity))
    (entry,) = json.loads(run_command("tokens", "list", "--json"))
    assert (entry["id"], entry["role"], entry["name"]) == (identity, "reporter", "Ada Byrne")
    assert entry["revoked_at"] is not None


def test_people_are_invited_and_managed_by_address(run_command: Callable[..., str]) -> None:
    address = "ines@paper.example"
    link = run_command("people", "invite", "--name", "Ines", "--email", address, "--role", "editor").strip()
    again = json.loads(run_command("people", "reset", address, "--factors", "--json"))

    assert link.startswith("http://127.0.0.1:8080/desk/invitation/")
    assert again["invitation_url"] not in (link, None)
    assert run_command("people", "deactivate", address) == f"{address} is deactivated\n"
    with pytest.raises(SystemExit, match="deactivated"):
        main(("people", "reset", address))
    assert run_command("people", "activate", again["id"]) == f"{address} is active\n"
    assert "invited" in run_command("people", "list")
    (person,) = json.loads(run_command("people", "list", "--json"))
    assert (person["email"], person["role"], person["active"]) == (address, "editor", True)
    with pytest.raises(SystemExit, match="Another person has this e-mail address"):
        main(("people", "invite", "--name", "Other", "--email", address.upper(), "--role", "admin"))
    with pytest.raises(SystemExit, match="there is no person"):
        main(("people", "reset", "nobody@paper.example"))


@pytest.mark.parametrize(
    "words",
    [
        ("tokens", "create", "--name", "A", "--role", "chief"),
        ("tokens", "create", "--name", " ", "--role", "admin"),
        ("tokens", "create", "--name", "a\x00", "--role", "admin"),
        ("tokens", "create"),
    ],
)
def test_wrong_command_fails(run_command: Callable[..., str], words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as done:
        main(words)

    assert done.value.code not in (None, 0)
    assert run_command("tokens", "list") == ""


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """Restore logging, since the service's own would write to the captured output of this test."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


@pytest.mark.usefixtures("logging_restored")
def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WM_ADMIN_TOKEN_FILE", "/nowhere/token")

    with pytest.raises(SystemExit) as done:
        run_service("ingestion", IngestionSettings, create_app)

    assert done.value.code == EXIT_SETTINGS
    assert capsys.readouterr().err.startswith("ingestion: WM_ADMIN_TOKEN_FILE: ")
