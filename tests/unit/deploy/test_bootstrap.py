"""Set-up: the choice of the Python, and the message when there is none."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from tests.support.bare_machine import ROOT, BareMachine

SYNC = "uv sync --frozen --inexact --compile-bytecode --extra embedded"
VERSIONS = re.findall(r"^versions='(.+?)'", (ROOT / "deploy" / "bootstrap").read_text(), re.M)[0].split()


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    return BareMachine(tmp_path)


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3": "3.11.2"}, "3.11.2"),
        ({"python3": "3.12.1", "python3.13": "3.13.0"}, "3.12.1"),
        ({"python3": "3.14.1", "python3.12": "3.12.1", "python3.13": "3.13.0"}, "3.13.0"),
        ({"python3": "3.9.2", "python3.11": "3.11.7"}, "3.11.7"),
        ({"python3": "3.13.1t", "python": "3.12.3"}, "3.12.3"),
    ],
)
def test_first_fitting_python_is_taken(machine: BareMachine, pythons: dict[str, str], taken: str) -> None:
    for name, version in pythons.items():
        machine.add_python(name, version)

    status, printed = machine.set_up()

    assert status == 0, printed
    assert machine.take_steps() == [f"{taken} venv .venv", f"{taken} pip .venv uv==0.13.9", SYNC]
    assert f"setup: making .venv with CPython {taken}" in printed
    assert os.readlink(machine.tree / ".venv" / "bin" / "world-monitor") == "../../deploy/world-monitor"


def test_second_setup_prints_and_does_nothing(machine: BareMachine) -> None:
    machine.add_python("python3", "3.13.0")
    machine.set_up("dev")
    machine.take_steps()

    assert machine.set_up("dev") == (0, "")
    assert machine.set_up("embedded") == (0, "")
    assert machine.take_steps() == []


def test_changed_lock_is_installed_into_same_environment(machine: BareMachine) -> None:
    machine.add_python("python3", "3.13.0")
    machine.set_up()
    machine.take_steps()
    with (machine.tree / "uv.lock").open("a") as lock:
        lock.write("\n")

    assert machine.set_up()[0] == 0
    assert machine.take_steps() == [SYNC]


def test_environment_without_its_python_is_created_again(machine: BareMachine) -> None:
    machine.add_python("python3", "3.12.1")
    machine.set_up()
    (machine.tree / ".venv" / "bin" / "python").unlink()
    machine.add_python("python3", "3.13.0")
    machine.take_steps()

    assert machine.set_up()[0] == 0
    assert machine.take_steps()[0] == "3.13.0 venv .venv"


def test_wm_python_has_precedence_and_replaces_the_environment(machine: BareMachine, tmp_path: Path) -> None:
    machine.add_python("python3", "3.11.2")
    machine.set_up()
    (tmp_path / "a folder").mkdir()
    named = str(machine.add_python(str(tmp_path / "a folder" / "python"), "3.13.0"))
    machine.take_steps()

    assert machine.set_up(WM_PYTHON=named)[0] == 0
    assert machine.take_steps()[0] == "3.13.0 venv .venv"
    assert machine.set_up(WM_PYTHON=named) == (0, "")


@pytest.mark.parametrize(("version", "reason"), [("3.14.1", "CPython 3.14.1"), ("", "not a Python that runs")])
def test_unfit_wm_python_is_refused_and_environment_stays(
    machine: BareMachine, tmp_path: Path, version: str, reason: str
) -> None:
    machine.add_python("python3", "3.13.0")
    machine.set_up()
    named = tmp_path / "named"
    if version:
        machine.add_python(str(named), version)
    machine.take_steps()

    assert machine.set_up(WM_PYTHON=str(named)) == (
        1,
        f"setup: WM_PYTHON={named} is {reason}; CPython 3.11 to 3.13 is needed\n",
    )
    assert machine.set_up() == (0, "")
    assert machine.take_steps() == []


def test_uv_fetches_python_when_only_a_newer_one_exists(machine: BareMachine, tmp_path: Path) -> None:
    machine.add_python("python3", "3.14.1")
    fetched = machine.add_python(str(tmp_path / "python3.13"), "3.13.18")

    status, printed = machine.set_up(FETCHED=str(fetched))

    assert status == 0, printed
    find, fetch = "uv python find --no-project --system >=3.11,<3.14", "uv python install 3.13"
    assert machine.take_steps() == [
        "3.14.1 venv .venv.uv",
        "3.14.1 pip .venv.uv uv==0.13.9",
        *(find, fetch, find),
        "3.13.18 venv .venv",
        "3.13.18 pip .venv uv==0.13.9",
        SYNC,
    ]
    assert "setup: no Python 3.11 to 3.13 on the PATH: python3 is CPython 3.14.1\n" in printed
    assert "setup: fetching Python 3.13 with uv, some 30 MB" in printed
    assert not (machine.tree / ".venv.uv").exists()


@pytest.mark.parametrize("other", [{}, {"python3": "3.14.1"}, {"python": "2.7.18"}])
def test_uv_on_the_path_is_used_with_any_python(machine: BareMachine, tmp_path: Path, other: dict[str, str]) -> None:
    machine.add_uv()
    for name, version in other.items():
        machine.add_python(name, version)
    fetched = machine.add_python(str(tmp_path / "python3.13"), "3.13.18")

    assert machine.set_up(FETCHED=str(fetched))[0] == 0
    assert "3.13.18 venv .venv" in machine.take_steps()
    assert not (machine.tree / ".venv.uv").exists()


def test_python_that_uv_has_is_not_fetched_again(machine: BareMachine, tmp_path: Path) -> None:
    machine.add_uv()
    fetched = machine.add_python(str(tmp_path / "python3.13"), "3.13.18")
    (tmp_path / "home" / "fetched").touch()

    status, printed = machine.set_up(FETCHED=str(fetched))

    assert (status, "fetching" in printed) == (0, False)
    assert "uv python install 3.13" not in machine.take_steps()


@pytest.mark.parametrize(
    ("pythons", "with_uv", "environment", "found", "tried"),
    [
        (
            {},
            False,
            {},
            "no Python at all",
            "there is no uv on the PATH, and no Python 3 that could install one",
        ),
        ({"python": "2.7.18"}, False, {}, "python is CPython 2.7.18", "there is no uv on the PATH, and no Python 3"),
        ({"python3": "3.14.1"}, False, {}, "python3 is CPython 3.14.1", "uv could not fetch Python 3.13 (above)"),
        ({}, True, {}, "no Python at all", "uv could not fetch Python 3.13 (above)"),
        (
            {"python3": "3.9.2"},
            False,
            {"NO_ENSUREPIP": "1"},
            "python3 is CPython 3.9.2",
            "python3 cannot make a virtual",
        ),
    ],
)
def test_without_any_python_setup_explains_what_to_install(
    machine: BareMachine,
    pythons: dict[str, str],
    with_uv: bool,
    environment: dict[str, str],
    found: str,
    tried: str,
) -> None:
    if with_uv:
        machine.add_uv()
    for name, version in pythons.items():
        machine.add_python(name, version)

    status, printed = machine.set_up(**environment)

    assert status == 1
    assert f"setup: no Python 3.11 to 3.13 on the PATH: {found}\n" in printed
    assert "setup: Python 3.11 to 3.13 is needed (the embedded MongoDB has no wheel for others)" in printed
    assert f"and could not be had: {tried}" in printed
    for line in (
        "Debian, Ubuntu  apt-get install",
        "Fedora          dnf install",
        "macOS           brew install",
        "any other",
    ):
        assert f"setup:   {line}" in printed
    assert not (machine.tree / ".venv").exists()
    assert not (machine.tree / ".venv.uv").exists()


def test_python_without_venv_names_the_missing_package(machine: BareMachine) -> None:
    machine.add_python("python3", "3.11.2")

    status, printed = machine.set_up(NO_ENSUREPIP="1")

    assert status == 1
    assert printed.endswith(
        "setup: python3 cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv\n"
    )


def test_pip_installs_packages_that_uv_cannot_fetch(machine: BareMachine) -> None:
    machine.add_python("python3", "3.13.0")

    status, printed = machine.set_up(NO_NETWORK="1")

    assert status == 0, printed
    assert machine.take_steps()[-1] == "3.13.0 pip as a second way"
    assert "aiohttp" not in printed


def test_next_python_has_its_own_environment_without_the_engine(machine: BareMachine) -> None:
    machine.add_python("python3", "3.13.0")
    machine.add_python("python3.14", "3.14.1")

    status, printed = machine.set_up("next", WM_PYTHON="python3")

    assert status == 0, printed
    assert machine.take_steps()[0] == "3.14.1 venv .venv-next"
    assert not (machine.tree / ".venv").exists()


def test_next_python_is_left_out_when_absent(machine: BareMachine) -> None:
    machine.add_python("python3", "3.13.0")

    assert machine.set_up("next") == (77, "setup: left out: no Python 3.14 on the PATH (python3 is CPython 3.13.0)\n")


def test_every_supported_python_has_engine_wheel_and_classifier() -> None:
    """When the engine gets a wheel for a newer Python, this fails: add that version to `versions`."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    wheels = next(package["wheels"] for package in locked if package["name"] == "secantusdb")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert {tag for wheel in wheels for tag in re.findall(r"-cp3(\d+)-cp3\d+-", wheel["url"])} == {
        version.removeprefix("3.") for version in VERSIONS
    }
    classified = {line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line}
    assert set(VERSIONS) <= classified
    assert project["requires-python"] == f">={VERSIONS[-1]}"


def test_documents_name_the_supported_pythons() -> None:
    assert f"Python {VERSIONS[-1]} to {VERSIONS[0]}" in (ROOT / "README.md").read_text()
    assert f"{VERSIONS[-1]} to {VERSIONS[0]}" in (ROOT / "docs" / "EMBEDDED.md").read_text()
