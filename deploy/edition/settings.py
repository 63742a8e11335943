"""What the loader is told by the environment; the command line goes before it."""

from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class EditionSettings(Settings):
    """Settings of the loader; each is the environment variable `WM_<NAME>`."""

    admin_token_file: Path | None = Field(None, description="a file with an admin's token")
