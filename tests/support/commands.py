"""Runs `world-monitor` as an operator does."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.polling import PATIENCE_S

LAUNCHER = Path(__file__).resolve().parents[2] / "deploy" / "world-monitor"


def world_monitor(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command and return its exit status and output. `settings` are environment variables."""
    environment: Mapping[str, str] = {**os.environ, **settings}
    return subprocess.run(
        [LAUNCHER, *words], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
