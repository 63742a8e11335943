"""docs/DEPENDENCIES.md has a line for each dependency, and no other."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_dependencies_and_documented_lines_match() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = [*project["dependencies"], *(pin for extra in project["optional-dependencies"].values() for pin in extra)]
    named = {re.split(r"[=;\[<> ]", pin)[0].lower() for pin in pinned}

    rows = re.findall(r"^\| ([a-z0-9.-]+) \| (.+) \| (.+) \|$", (ROOT / "docs" / "DEPENDENCIES.md").read_text(), re.M)

    documented = {name for name, *_ in rows if name not in ("package", "---")}
    assert documented == named


def test_every_dependency_is_pinned_to_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = [*project["dependencies"], *(pin for extra in project["optional-dependencies"].values() for pin in extra)]

    assert [pin for pin in pins if "==" not in pin] == []
