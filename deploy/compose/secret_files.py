"""The production stack's secrets: files in a volume that only its jobs mount, created on the first start."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

# The jobs and the services run as this user of the image (deploy/Dockerfile).
SERVICE_ID = 10001


class SecretFiles:
    """The master copy of all secrets. A secret is created once and never changes; root owns it, the jobs' group reads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.created: list[str] = []
        """The names of the secrets that this run created."""

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of this name, created if missing."""
        path = self._folder / name
        if not path.exists():
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            _chown(path.parent, 0, SERVICE_ID)
            write(path, make(), owner=0, group=SERVICE_ID, mode=0o440)
            self.created.append(name)
        return read(path)


def read(path: Path) -> str:
    """Read a secret from its file."""
    return path.read_text("ascii").strip()


def write(path: Path, text: str, *, owner: int, group: int | None = None, mode: int = 0o400) -> None:
    """Replace a file atomically. Only the given owner and group can read it, at any time."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text if text.endswith("\n") else f"{text}\n")
        os.fchmod(descriptor, mode)
        if os.geteuid() == 0:
            os.fchown(descriptor, owner, owner if group is None else group)
    fresh.replace(path)


def _chown(path: Path, owner: int, group: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner, group)
