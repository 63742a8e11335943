"""The supervisor with the engines alone: restarts on the same port, and no process left after any end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from shared.topics import TOPICS
from tests.support.polling import PATIENCE_S, eventually, promptly
from tests.support.running import ROOT

# These limits do not measure speed: a start and a stop wait as long as they make progress.
START_WITHIN_S = 200.0
END_WITHIN_S = 120.0
STOP_WITHIN_S = 10.0

pytestmark = pytest.mark.timeout(500)

Start = Callable[[Path], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a supervisor of engines in a folder. Supervisors that still run are killed after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(data: Path) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "WM_DATA": str(data), "WM_KAFKA": "", "WM_MONGO": "", "WM_REDIS": ""}
        environment["WM_STOP_WITH_PARENT"] = str(os.getpid())
        command = [sys.executable, "-m", "deploy.local", "engines"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE))
        _until(lambda: _facts(data).get("supervisor") == started[-1].pid, START_WITHIN_S)
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def _until(true: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not within {within_s:g} s"
        time.sleep(0.02)


def _facts(data: Path) -> dict[str, Any]:
    path = data / "run.json"
    facts: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return facts


def _engines(data: Path) -> dict[str, dict[str, object]]:
    return {entry["name"]: entry for entry in _facts(data)["engines"]}


def _pids(data: Path) -> list[int]:
    return [int(str(entry["pid"])) for entry in _engines(data).values()]


def _has_another_pid(data: Path, name: str, pid: object) -> bool:
    return _engines(data).get(name, {"pid": pid})["pid"] != pid


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _cluster(address: str) -> tuple[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    found = str((await admin.describe_cluster())["cluster_id"]), len(await admin.list_topics())
    await admin.close()
    return found


async def test_killed_engines_return_on_their_ports(start: Start, tmp_path: Path) -> None:
    start(tmp_path)
    before = _engines(tmp_path)
    first, _ = await _cluster(str(before["kafka"]["url"]))

    for name in ("redis", "mongo", "kafka"):
        os.kill(int(str(before[name]["pid"])), signal.SIGKILL)
        _until(partial(_has_another_pid, tmp_path, name, before[name]["pid"]))

    assert {name: engine["url"] for name, engine in _engines(tmp_path).items()} == {
        name: engine["url"] for name, engine in before.items()
    }

    async def whole_again() -> str:
        cluster, topics = await _cluster(str(before["kafka"]["url"]))
        return cluster if topics == len(TOPICS) else ""

    assert await eventually(whole_again) != first


async def test_stop_takes_ten_seconds_at_most_and_the_next_start_finds_the_data(start: Start, tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        await promptly(partial(_stop_s, start, tmp_path, number), within_s=STOP_WITHIN_S)

    start(tmp_path)
    assert _kept(tmp_path) == {"SIGTERM", "SIGINT"}


async def _stop_s(start: Start, data: Path, number: signal.Signals) -> float:
    supervisor = start(data)
    _keep(data, number.name)
    pids = _pids(data)
    began = time.monotonic()
    supervisor.send_signal(number)
    code = supervisor.wait(END_WITHIN_S)
    took_s = time.monotonic() - began
    assert code == 0
    assert not [pid for pid in pids if _alive(pid)]
    assert not (data / "run.json").exists()
    return took_s


def _keep(data: Path, name: str) -> None:
    with MongoClient[dict[str, object]](str(_engines(data)["mongo"]["url"])) as client:
        client["kept"]["articles"].replace_one({"_id": name}, {"_id": name}, upsert=True)


def _kept(data: Path) -> set[object]:
    with MongoClient[dict[str, object]](str(_engines(data)["mongo"]["url"])) as client:
        return {document["_id"] for document in client["kept"]["articles"].find()}


def test_killed_supervisor_leaves_no_process_and_a_folder_that_was_its_own(start: Start, tmp_path: Path) -> None:
    supervisor = start(tmp_path)
    _expect_refusal_of_another_stack(tmp_path, supervisor)
    pids = _pids(tmp_path)

    supervisor.kill()
    supervisor.wait(END_WITHIN_S)
    _until(lambda: not [pid for pid in pids if _alive(pid)])
    second = start(tmp_path)

    assert second.poll() is None
    assert not set(pids) & set(_pids(tmp_path))


def _expect_refusal_of_another_stack(data: Path, running: "subprocess.Popen[bytes]") -> None:
    environment = {**os.environ, "WM_DATA": str(data)}
    command = [sys.executable, "-m", "deploy.local", "engines"]

    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)

    assert second.returncode == 1
    assert f"process {running.pid}" in second.stderr
    assert "WM_DATA" in second.stderr
    assert running.poll() is None


def test_engine_that_cannot_start_ends_the_stack_with_its_output(tmp_path: Path) -> None:
    broken = tmp_path / "redis" / "appendonlydir"
    broken.mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("no manifest")
    environment = {**os.environ, "WM_DATA": str(tmp_path), "WM_KAFKA": "127.0.0.1:1", "WM_MONGO": "mongodb://127.0.0.1"}
    command = [sys.executable, "-m", "deploy.local", "engines"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == 1
    assert "World Monitor cannot run: redis-1 ended 5 times before it answered, with exit code 1" in done.stderr
    assert "AOF manifest" in done.stderr
    assert "Traceback" not in done.stderr
