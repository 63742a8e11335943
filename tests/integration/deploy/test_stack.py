"""The whole embedded stack as `make run` starts it: its output, recovery, data and end."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.local.ports import is_free
from tests.support.polling import eventually
from tests.support.ports import free_port
from tests.support.running import ROOT, Platform, running_platform

pytestmark = pytest.mark.timeout(500)

# These limits do not measure speed: a stop waits as long as it makes progress.
END_WITHIN_S = 120.0
REFUSED_WITHIN_S = 200.0


def _pids(platform: Platform) -> list[int]:
    facts = platform.facts()
    listed = [facts["processes"], facts["engines"]]
    return [int(entry["pid"]) for entries in listed if isinstance(entries, list) for entry in entries]


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()] if Path("/proc").exists() else _answering(pids)


def _answering(pids: list[int]) -> list[int]:
    return [pid for pid in pids if subprocess.run(["kill", "-0", str(pid)], check=False).returncode == 0]


async def _is_ready(platform: Platform, url: object) -> bool:
    async with platform.http.get(f"{url}/health/ready") as answer:
        return answer.status == 200


async def test_platform_recovers_and_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    async with running_platform(tmp_path, SCALE="rendering=2,popularity=1") as platform:
        await _expect_true_run_json(platform)
        await _expect_token_of_owner_alone(platform)
        await _expect_desk_login_of_owner_alone(platform)
        await _expect_recovery(platform, "rendering", 2)
        await _expect_recovery(platform, "edge", 1)
        article = await platform.publish("Lighthouse shines again", section="africa")
        identity = str(article["id"])
        await _view(platform, identity)
        pids = _pids(platform)
        token = platform.editor
        platform.supervisor.terminate()
        platform.supervisor.wait(END_WITHIN_S)

    assert platform.supervisor.returncode == 0
    assert _alive(pids) == []
    assert not (tmp_path / "run.json").exists()

    async with running_platform(tmp_path, SCALE="rendering=2,popularity=1") as platform:
        await _expect_article_and_views(platform, str(article["url"]), identity)
        assert platform.editor == token
        pids = _pids(platform)
        platform.supervisor.kill()
        platform.supervisor.wait(END_WITHIN_S)

        async def gone() -> bool:
            return not _alive(pids) and is_free(int(platform.edge.rpartition(":")[2]))

        await eventually(gone, what=lambda: f"left: {_alive(pids)}, or a worker of nginx")


async def _expect_true_run_json(platform: Platform) -> None:
    listed = platform.facts()["processes"]
    assert isinstance(listed, list)
    assert sorted((entry["name"], entry["instance"]) for entry in listed) == [
        ("comments", 1),
        ("desk", 1),
        ("ingestion", 1),
        ("media", 1),
        ("media-worker", 1),
        ("popularity", 1),
        ("popularity-counter", 1),
        ("rendering", 1),
        ("rendering", 2),
        ("rendering-projector", 1),
        ("search", 1),
    ]
    assert _alive(_pids(platform)) == _pids(platform)
    for entry in listed:
        assert await _is_ready(platform, entry["url"])


async def _expect_token_of_owner_alone(platform: Platform) -> None:
    mode = stat.S_IMODE((platform.data / "editor.token").stat().st_mode)
    async with platform.http.get(f"{platform.edge}/v1/articles", headers=platform.editor) as answer:
        with_token = answer.status
    async with platform.http.get(f"{platform.edge}/v1/articles") as answer:
        without = answer.status

    assert (mode, with_token, without) == (0o600, 200, 401)


async def _expect_desk_login_of_owner_alone(platform: Platform) -> None:
    path = platform.data / "desk.json"
    login = json.loads(path.read_text())
    sent = {"email": login["email"], "password": login["password"]}
    async with platform.http.post(
        f"{platform.processes('ingestion')[0]['url']}/internal/sessions", json=sent
    ) as answer:
        signed_in = answer.status

    assert (stat.S_IMODE(path.stat().st_mode), signed_in) == (0o600, 200)
    assert login["url"] == f"{platform.edge}/desk"
    assert platform.output().count(login["password"]) == 1


async def _expect_recovery(platform: Platform, name: str, instance: int) -> None:
    before = platform.processes(name)[instance - 1]
    platform.signal(name, signal.SIGKILL, instance)

    async def again() -> bool:
        now = platform.processes(name)[instance - 1]
        ready = (await platform.page("/"))[0] == 200 if name == "edge" else await _is_ready(platform, now["url"])
        return now["pid"] != before["pid"] and now["url"] == before["url"] and ready

    await eventually(again, what=lambda: platform.output())


async def _view(platform: Platform, article: str) -> None:
    async def accepted() -> bool:
        async with platform.http.post(f"{platform.edge}/v1/views", json={"article_id": article}) as answer:
            return answer.status == 202

    await eventually(accepted)


async def _expect_article_and_views(platform: Platform, url: str, identity: str) -> None:
    async def shown() -> bool:
        status, page = await platform.page(url)
        return status == 200 and "Lighthouse shines again" in page and await platform.views(identity) == 1

    await eventually(shown, what=lambda: platform.output())


async def test_stop_during_start_is_clean(tmp_path: Path) -> None:
    environment = {**os.environ, "WM_DATA": str(tmp_path), "WM_PORT": str(free_port()), "WM_EDITION": "none"}
    environment["WM_STOP_WITH_PARENT"] = str(os.getpid())
    command = [sys.executable, "-m", "deploy.local"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:

        async def started() -> bool:
            return (tmp_path / "logs" / "ingestion-1.log").exists()

        await eventually(started)
        process.terminate()
        printed, _ = process.communicate(timeout=END_WITHIN_S)

    assert process.returncode == 0
    assert b"Traceback" not in printed
    assert b"never retrieved" not in printed


def _refused_start(data: Path, **settings: str) -> str:
    environment = {**os.environ, "WM_DATA": str(data), **settings}
    command = [sys.executable, "-m", "deploy.local"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=REFUSED_WITHIN_S)
    assert done.returncode == 1
    return done.stderr


def test_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        printed = _refused_start(tmp_path, WM_PORT=str(port))

    assert f"port {port} is taken" in printed
    assert "WM_PORT=" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("name", "value"),
    [("WM_SCALE", "renderer=2"), ("WM_PORT", "http"), ("WM_EDITION", "evening"), ("WM_RATE_LIMITS", "maybe")],
)
def test_invalid_setting_is_named(name: str, value: str, tmp_path: Path) -> None:
    printed = _refused_start(tmp_path, **{name: value})

    assert name in printed
    assert "Traceback" not in printed


def test_invalid_setting_of_a_service_ends_the_stack_with_one_line(engines: Mapping[str, str], tmp_path: Path) -> None:
    given = {f"WM_{engine.upper()}": url for engine, url in engines.items()}

    printed = _refused_start(
        tmp_path, WM_PORT=str(free_port()), WM_EDITION="none", WM_KAFKA_FETCH_WAIT_MS="1000", **given
    )

    assert printed.startswith("World Monitor cannot run: WM_KAFKA_FETCH_WAIT_MS: ")
    assert printed.count("\n") == 1
