"""The Nu HTML checker on every kind of page, including the edge's error pages.

`.ci/run` provides it. Elsewhere install it with `npm i vnu-jar` and set WM_VNU_JAR to the path of the jar.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.edge.render import ERRORS
from tests.support.look_preview import main as write_pages


def test_nu_html_checker_finds_nothing(tmp_path: Path) -> None:
    jar, java = os.environ.get("WM_VNU_JAR", ""), shutil.which("java")
    if java is None or not Path(jar).is_file():
        pytest.skip("no Nu HTML checker: install Java and `npm i vnu-jar`, and set WM_VNU_JAR to the path of the jar")
    write_pages(tmp_path)

    command = [
        java,
        "-jar",
        jar,
        "--no-langdetect",
        *map(str, (*sorted(tmp_path.glob("*.html")), *ERRORS.glob("*.html"))),
    ]
    checked = subprocess.run(command, capture_output=True, text=True)

    assert checked.stderr == ""
    assert checked.returncode == 0
