"""Engines for every test that wants one: those that `WM_KAFKA`, `WM_MONGO`, `WM_REDIS` name, else embedded ones.

Embedded engines run under the same supervisor as `make run`, once a pytest process, in a folder of their own. Tests share
them: use `mongo_database` and `redis_prefix`, and group ids and keys of your own, instead of wiping what others wrote.

`tests/support/plugin.py` has the hooks: how tests are spread over processes, limited in time, and cleaned up after.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.browser import find_chromium

pytest_plugins = ["tests.support.plugin"]

ROOT = Path(__file__).resolve().parents[1]
_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 120.0

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Addresses of `kafka`, `mongo` and `redis`; what the environment does not name is started."""
    given = {name: os.environ.get(f"WM_{name.upper()}", "") for name in ("kafka", "mongo", "redis")}
    data = tmp_path_factory.mktemp("engines")
    with (data / "output.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "engines"],
            cwd=ROOT,
            env={**os.environ, "WM_DATA": str(data), "WM_STOP_WITH_PARENT": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield {**_wait_for_engines(process, data), **{name: url for name, url in given.items() if url}}
    finally:
        process.terminate()
        process.wait(_STOP_TIMEOUT_S)


def _wait_for_engines(process: subprocess.Popen[bytes], data: Path) -> dict[str, str]:
    deadline = time.monotonic() + _START_TIMEOUT_S
    marker = data / "run.json"
    while time.monotonic() < deadline and process.poll() is None:
        if marker.exists():
            facts = json.loads(marker.read_text())
            return {name: facts[name] for name in ("kafka", "mongo", "redis")}
        time.sleep(0.05)
    raise RuntimeError("the engines did not start:\n" + (data / "output.log").read_text())


@pytest.fixture(scope="session")
def kafka_url(engines: Mapping[str, str]) -> str:
    """Bootstrap servers of a Kafka that has the platform's topics."""
    return engines["kafka"]


@pytest.fixture(scope="session")
def mongo_url(engines: Mapping[str, str]) -> str:
    """A MongoDB with transactions."""
    return engines["mongo"]


@pytest.fixture(scope="session")
def redis_url(engines: Mapping[str, str]) -> str:
    """A Redis that keeps what it is given."""
    return engines["redis"]


@pytest.fixture(scope="session")
def embedded_kafka() -> bool:
    """Whether the Kafka of this run is the embedded one: no idempotent producer, no transactions, memory only."""
    return not os.environ.get("WM_KAFKA")


@pytest.fixture
def mongo_database() -> str:
    """A database name that no other test uses."""
    return f"test_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def redis_prefix() -> str:
    """A prefix for keys that no other test uses."""
    return f"test:{uuid.uuid4().hex[:12]}:"


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser; a test that needs one is left out, and named at the end, where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium: install one, or name it by WM_CHROMIUM")
    return path
