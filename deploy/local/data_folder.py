"""`$WM_DATA`: its lock, and the files that tools read (`run.json`)."""

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path

_LOCK_TIMEOUT_S = 5.0
_LOCK_RETRY_S = 0.05


class FolderTaken(RuntimeError):
    """Another stack runs on this folder."""


def lock(folder: Path) -> int:
    """Lock the folder for this stack; returns the descriptor that holds the lock. Raises FolderTaken.

    The forkserver holds the lock too: after the supervisor was killed, the folder is free when the last process is gone.
    The wait of _LOCK_TIMEOUT_S is for that.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _LOCK_TIMEOUT_S
    while not _try_lock(descriptor):
        if time.monotonic() > deadline:
            holder = path.read_text().strip() or "unknown"
            os.close(descriptor)
            raise FolderTaken(
                f"another World Monitor (process {holder}) runs on {folder}; stop it, or set WM_DATA to another folder"
            )
        time.sleep(_LOCK_RETRY_S)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _try_lock(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file atomically."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)


def write_run_file(folder: Path, content: dict[str, object]) -> None:
    """Write `run.json`: the running processes, for tools. Its shape is part of the public contract."""
    replace_file(folder / "run.json", json.dumps(content, indent=1).encode() + b"\n")
