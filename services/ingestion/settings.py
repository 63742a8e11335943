"""Settings of the ingestion service, beyond those of every service."""

from pathlib import Path

from pydantic import Field

from shared.errors import SettingsError
from shared.settings import Settings

# Nobody types a token. A shorter text is a mistake, such as a file with a word in it.
SHORTEST_TOKEN = 20


class IngestionSettings(Settings):
    """Each field is the environment variable `WM_<NAME>`."""

    ingestion_database: str = Field("ingestion", min_length=1, description="the service's database in MongoDB")
    admin_token_file: Path | None = Field(
        None,
        description="a file with an admin's token; a different text in it replaces the token at the next start",
    )

    def admin_token(self) -> str | None:
        """The token in `admin_token_file`, None without such a file. Raises SettingsError when the text cannot be a token."""
        if self.admin_token_file is None:
            return None
        try:
            token = self.admin_token_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"WM_ADMIN_TOKEN_FILE: {self.admin_token_file} cannot be read: {error}") from error
        if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
            raise SettingsError(f"WM_ADMIN_TOKEN_FILE: a token has at least {SHORTEST_TOKEN} characters and no spaces")
        return token
