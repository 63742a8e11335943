"""A machine for tests of `deploy/bootstrap`: common tools, and the Pythons and uv that a test adds to its PATH."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "cat", "cksum", "cut", "date", "rm", "cp", "ln", "sleep", "grep", "flock")
_STAND_IN = Path(__file__).with_name("stand_in_python.py")

# `python install` provides the Python of `$FETCHED`, if set. `$GATE`, a FIFO, blocks a sync.
_UV = """#!/bin/sh
case "$*" in
  --version) echo "uv 0.13.9"; exit ;;
  "python find --help") exit ;;
esac
echo "uv $*" >>"$NOTES"
case "$*" in
  "python find "*) [ -f "$HOME/fetched" ] && echo "$FETCHED" ;;
  "python install "*) [ -n "$FETCHED" ] && : >"$HOME/fetched" || { echo "error: Failed to install cpython" >&2; exit 1; } ;;
  sync*)
    echo " + aiohttp==3.14.5" >&2
    [ -z "${NO_NETWORK:-}" ] || exit 2
    [ -z "${GATE:-}" ] || cat "$GATE"
    [ "${KILL_AT:-}" != sync ] || kill -9 0 ;;
  export*) ;;
esac
"""


class BareMachine:
    """A copy of the repository's set-up in a folder, with a PATH of its own."""

    def __init__(self, folder: Path, tools: tuple[str, ...] = TOOLS) -> None:
        self.tree, self.bin, self.notes = folder / "tree", folder / "bin", folder / "notes"
        for path in (self.tree / "deploy", self.bin, folder / "home"):
            path.mkdir(parents=True)
        for name in ("deploy/bootstrap", "pyproject.toml", "uv.lock"):
            shutil.copy(ROOT / name, self.tree / name)
        for name in tools:
            (self.bin / name).symlink_to(shutil.which(name) or f"/bin/{name}")
        self.notes.touch()
        self._uv = self._write(folder / "uv", _UV)
        self.environment = {
            "PATH": str(self.bin),
            "HOME": str(folder / "home"),
            "NOTES": str(self.notes),
            "STAND_IN_UV": str(self._uv),
            "FETCHED": "",
        }

    def add_python(self, name: str, version: str) -> Path:
        """Add a Python of a version to the PATH, or at an absolute path."""
        words = f'exec {sys.executable} -I -S {_STAND_IN} "$0" {version} "$@"'
        return self._write(self.bin / name, f"#!/bin/sh\n{words}\n")

    def add_uv(self) -> None:
        """Add uv to the PATH."""
        shutil.copy(self._uv, self.bin / "uv")

    def start(self, profile: str = "embedded", **environment: str) -> subprocess.Popen[str]:
        """Start a set-up in its own process group."""
        return subprocess.Popen(
            [str(self.tree / "deploy" / "bootstrap"), profile],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def set_up(self, profile: str = "embedded", **environment: str) -> tuple[int, str]:
        """Run a set-up. Returns its exit status and its output."""
        with self.start(profile, **environment) as process:
            printed, _ = process.communicate(timeout=60)
        return process.returncode, printed

    def take_steps(self) -> list[str]:
        """The calls of the Pythons and of uv since the last call of this method."""
        steps = self.notes.read_text().splitlines()
        os.truncate(self.notes, 0)
        return steps

    @staticmethod
    def _write(path: Path, text: str) -> Path:
        path.write_text(text)
        path.chmod(0o755)
        return path
