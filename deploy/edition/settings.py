"""Settings of the loader. Options on the command line override them."""

from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class EditionSettings(Settings):
    """Settings of the loader; each is the environment variable `WM_<NAME>`."""

    admin_token_file: Path | None = Field(None, description="a file with an admin's token")
