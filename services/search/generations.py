"""An instance's folder: numbered indexes, and a file `current` that names the one that serves.

A rebuild fills the next number and then points `current` to it. The service polls the file and changes to that index.
"""

import os
import shutil
from pathlib import Path

_CURRENT = "current"


class Generations:
    """The indexes of one instance."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> int:
        """The number that serves; 1 without a file."""
        try:
            text = (self._folder / _CURRENT).read_text("ascii").strip()
        except FileNotFoundError:
            return 1
        return int(text) if text.isdigit() else 1

    def path(self, number: int) -> Path:
        """The folder of an index."""
        return self._folder / str(number)

    def point_to(self, number: int) -> None:
        """Make another index serve, atomically."""
        self._folder.mkdir(parents=True, exist_ok=True)
        written = self._folder / f"{_CURRENT}.new"
        written.write_text(f"{number}\n", "ascii")
        os.replace(written, self._folder / _CURRENT)

    def discard(self, number: int) -> None:
        """Remove one index."""
        shutil.rmtree(self.path(number), ignore_errors=True)

    def remove_before(self, number: int) -> None:
        """Remove older indexes."""
        for folder in self._folder.iterdir() if self._folder.exists() else ():
            if folder.is_dir() and folder.name.isdigit() and int(folder.name) < number:
                shutil.rmtree(folder, ignore_errors=True)
