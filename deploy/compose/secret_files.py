"""Where the production stack's secrets are kept: files in a volume that only its jobs can see, made on the first start."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

# The jobs and the services run as this user of the image (deploy/Dockerfile).
SERVICE_ID = 10001


class SecretFiles:
    """The master copy. A secret is made once and never changes; its owner is root, its reader the jobs' group."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.made: list[str] = []
        """The names of the secrets that this run has made."""

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of this name, made now if there is none."""
        path = self._folder / name
        if not path.exists():
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            _chown(path.parent, 0, SERVICE_ID)
            write(path, make(), owner=0, group=SERVICE_ID, mode=0o440)
            self.made.append(name)
        return read(path)


def read(path: Path) -> str:
    """A secret out of its file."""
    return path.read_text("ascii").strip()


def write(path: Path, text: str, *, owner: int, group: int | None = None, mode: int = 0o400) -> None:
    """Put a file in place whole, so that a reader sees the old text or the new, and nobody else sees either."""
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
