"""Engines for the measures: those that the environment names, else embedded ones that end with the measure."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.load import ROOT

_START_TIMEOUT_S = 40.0


@contextmanager
def running_engines() -> Iterator[Mapping[str, str]]:
    """The environment that tells a service where they are."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "output.log"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", "engines"],
                cwd=ROOT,
                env={**os.environ, "WM_DATA": folder, "WM_STOP_WITH_PARENT": "true"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        try:
            found = _wait(process, Path(folder) / "run.json", output)
            given = {name: os.environ.get(f"WM_{name.upper()}") or found[name] for name in ("kafka", "mongo", "redis")}
            idempotence = "on" if os.environ.get("WM_KAFKA") else "off"
            yield {
                **os.environ,
                **{f"WM_{name.upper()}": address for name, address in given.items()},
                "WM_KAFKA_IDEMPOTENCE": idempotence,
                "WM_KAFKA_ADOPT_NEW_LOG": "on",
            }
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: subprocess.Popen[bytes], marker: Path, output: Path) -> Mapping[str, str]:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if marker.exists():
            facts: dict[str, str] = json.loads(marker.read_text())
            return facts
        time.sleep(0.05)
    raise RuntimeError("the engines did not start:\n" + output.read_text())
