"""Kafka, MongoDB and Redis for tests and measures, under the same supervisor as `make run`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 180.0
STOP_WITHIN_S = 120.0
_ENGINES = ("kafka", "mongo", "redis")


@contextmanager
def running_engines(data: Path) -> Iterator[Mapping[str, str]]:
    """Yield the addresses of `kafka`, `mongo` and `redis`; stop the engines at the end of the block.

    Uses the engines that `WM_KAFKA`, `WM_MONGO` and `WM_REDIS` name, and starts the others in the folder `data`.
    """
    given = {name: url for name in _ENGINES if (url := os.environ.get(f"WM_{name.upper()}"))}
    supervisor = start_supervisor(data, {**os.environ, "WM_DATA": str(data)}, "engines")
    try:
        yield {**_wait_for_engines(supervisor, data), **given}
    finally:
        supervisor.terminate()
        supervisor.wait(STOP_WITHIN_S)


def start_supervisor(data: Path, environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    """Start `python -m deploy.local`. It writes to `output.log` in `data`, and ends with this process, even after SIGKILL."""
    with (data / "output.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env={**environment, "WM_STOP_WITH_PARENT": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _wait_for_engines(supervisor: "subprocess.Popen[bytes]", data: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_WITHIN_S
    marker = data / "run.json"
    while time.monotonic() < deadline and supervisor.poll() is None:
        if marker.exists():
            facts = json.loads(marker.read_text())
            return {name: facts[name] for name in _ENGINES}
        time.sleep(0.05)
    raise RuntimeError("the engines did not start:\n" + (data / "output.log").read_text())
