"""A stand-in for a Python of another version: `stand_in_python.py SCRIPT VERSION ARGUMENT…`.

It runs `-c` code as that version would, and records set-up's calls in `$NOTES`. At the step `$KILL_AT` it kills its whole
process group, set-up included. It has few imports, since a set-up starts it ten times.
"""

import os
import sys
from types import SimpleNamespace

script, version, *arguments = sys.argv[1:]


def note(text: str) -> None:
    """Record a step, then kill the process group if `$KILL_AT` names the step."""
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(text + "\n")
    if os.environ.get("KILL_AT", "no step") in text:
        os.killpg(0, 9)


def evaluate(code: str, *words: str) -> None:
    """Run code with another version in `sys` and `platform`."""
    plain = version.removesuffix("t")
    sys.version_info = (*map(int, plain.split(".")), "final", 0)  # type: ignore[assignment]
    sys.version, sys.abiflags = version, "t" if version != plain else ""
    sys.modules["platform"] = SimpleNamespace(  # type: ignore[assignment]
        python_version=lambda: plain, python_implementation=lambda: "CPython"
    )
    sys.argv = ["-c", *words]
    exec(code)


def copy(source: str, target: str) -> None:
    """Copy a program."""
    with open(source) as program, open(target, "w") as written:
        written.write(program.read())
    os.chmod(target, 0o755)


def make_environment(folder: str) -> None:
    """Create the parts of a virtual environment that set-up reads. `$KILL_AT` kills in the middle."""
    os.makedirs(f"{folder}/bin", exist_ok=True)
    for leftover in (f"{folder}/bin/uv", f"{folder}/pip"):
        if os.path.exists(leftover):
            os.unlink(leftover)
    copy(script, f"{folder}/bin/python")
    note(f"{version} venv {os.path.basename(folder)}")
    if os.environ.get("NO_ENSUREPIP"):
        sys.exit("The virtual environment was not created successfully because ensurepip is not available.")
    open(f"{folder}/pip", "w").close()


def install(folder: str, requirement: str) -> None:
    """Install uv as pip would."""
    if not os.path.exists(f"{folder}/pip"):
        sys.exit(f"{folder}/bin/python: No module named pip")
    note(f"{version} pip {os.path.basename(folder)} {requirement}")
    copy(os.environ["STAND_IN_UV"], f"{folder}/bin/uv")


match arguments:
    case ["-c", code, *words]:
        evaluate(code, *words)
    case ["-m", "venv", "--clear", folder]:
        make_environment(folder)
    case ["-m", "pip", "install", *_, "-r", _]:
        note(f"{version} pip as a second way")
    case ["-m", "pip", "install", *_, requirement]:
        install(os.path.dirname(os.path.dirname(script)), requirement)
    case _:
        sys.exit(f"unforeseen: {arguments}")
