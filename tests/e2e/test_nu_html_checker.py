"""The Nu HTML checker over every kind of page, the edge's own among them.

`.ci/run` provides it; elsewhere `npm i vnu-jar` brings it, and WM_VNU_JAR says where the jar lies.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.edge.render import ERRORS
from tests.support.look_preview import main as write_pages


def test_the_nu_html_checker_finds_nothing(tmp_path: Path) -> None:
    jar, java = os.environ.get("WM_VNU_JAR", ""), shutil.which("java")
    if java is None or not Path(jar).is_file():
        pytest.skip("no Nu HTML checker: install Java and `npm i vnu-jar`, and name the jar by WM_VNU_JAR")
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
