"""The worker's own process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def test_worker_process_loads_no_decoder() -> None:
    code = "import sys, services.media.worker.wiring; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert not {"pyvips", "_libvips", "PIL"} & set(loaded.split())
