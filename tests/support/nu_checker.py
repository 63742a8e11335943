"""The Nu HTML checker. `.ci/run` provides it. Elsewhere install it with `npm i vnu-jar` and set WM_VNU_JAR to the jar's path."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest


def nu_findings(files: Iterable[Path]) -> str:
    """Errors and warnings of the checker; empty when there are none. Skips the test without the checker."""
    jar, java = os.environ.get("WM_VNU_JAR", ""), shutil.which("java")
    if java is None or not Path(jar).is_file():
        pytest.skip("no Nu HTML checker: install Java and `npm i vnu-jar`, and set WM_VNU_JAR to the path of the jar")
    command = [java, "-jar", jar, "--no-langdetect", *map(str, files)]
    checked = subprocess.run(command, capture_output=True, text=True)
    return checked.stderr or ("" if checked.returncode == 0 else f"exit status {checked.returncode}")
