"""Set-up: killed at any step, and twice at the same time."""

import os
from pathlib import Path

import pytest

from tests.support.bare_machine import TOOLS, BareMachine

WAITS = "setup: another set-up is at work in this folder; waiting for it\n"


@pytest.mark.parametrize("step", ["venv", "pip", "sync"])
def test_setup_after_a_killed_one_starts_again(tmp_path: Path, step: str) -> None:
    machine = BareMachine(tmp_path)
    machine.add_python("python3", "3.13.0")

    assert machine.set_up(KILL_AT=step)[0] == -9
    machine.take_steps()

    status, printed = machine.set_up()
    assert status == 0, printed
    assert machine.take_steps()[:2] == ["3.13.0 venv .venv", "3.13.0 pip .venv uv==0.13.9"]
    assert machine.set_up() == (0, "")


def test_older_lock_is_installed_again_after_a_killed_setup(tmp_path: Path) -> None:
    machine = BareMachine(tmp_path)
    machine.add_python("python3", "3.13.0")
    machine.set_up()
    lock = machine.tree / "uv.lock"
    older = lock.read_text()
    lock.write_text(older + "\n")
    machine.set_up(KILL_AT="sync")
    lock.write_text(older)
    machine.take_steps()

    assert machine.set_up()[0] == 0
    assert machine.take_steps()[0] == "3.13.0 venv .venv"


@pytest.mark.parametrize("locks_by", ["flock", "perl"])
def test_two_setups_in_one_folder_take_turns(tmp_path: Path, locks_by: str) -> None:
    machine = BareMachine(tmp_path, tuple(dict.fromkeys([tool for tool in TOOLS if tool != "flock"] + [locks_by])))
    machine.add_python("python3", "3.13.0")
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    first = machine.start(GATE=str(gate))
    with gate.open("w"):  # opens when the first set-up is in its sync
        second = machine.start()
        assert second.stdout is not None
        assert second.stdout.readline() == WAITS

    first.communicate(timeout=60)
    assert second.communicate(timeout=60)[0] == ""
    assert (first.returncode, second.returncode) == (0, 0)
    assert [step for step in machine.take_steps() if "venv" in step] == [
        "3.13.0 venv .venv",
        "3.13.0 pip .venv uv==0.13.9",
    ]


def test_setup_waits_for_a_child_of_a_killed_setup(tmp_path: Path) -> None:
    machine = BareMachine(tmp_path)
    machine.add_python("python3", "3.13.0")
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    first = machine.start(GATE=str(gate))
    with gate.open("w"):
        first.kill()
        first.wait()
        second = machine.start()
        assert second.stdout is not None
        assert second.stdout.readline() == WAITS

    second.communicate(timeout=60)
    first.communicate(timeout=60)
    assert second.returncode == 0
