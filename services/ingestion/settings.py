"""What the ingestion service is told from outside, beyond what every service is told."""

from pathlib import Path

from pydantic import Field

from shared.errors import SettingsError
from shared.settings import Settings

# A token is a secret that nobody types: shorter ones are a mistake, such as a file with a word in it.
SHORTEST_TOKEN = 20


class IngestionSettings(Settings):
    """Settings of the ingestion service; each is the environment variable `WM_<NAME>`."""

    ingestion_database: str = Field("ingestion", min_length=1, description="the service's database in MongoDB")
    admin_token_file: Path | None = Field(
        None,
        description="a file with a token that is an admin's; another text in it at the next start replaces the token",
    )

    def admin_token(self) -> str | None:
        """The token in `admin_token_file`, None without such a file. Raises SettingsError when it cannot be one."""
        if self.admin_token_file is None:
            return None
        try:
            token = self.admin_token_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"WM_ADMIN_TOKEN_FILE: {self.admin_token_file} cannot be read: {error}") from error
        if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
            raise SettingsError(f"WM_ADMIN_TOKEN_FILE: a token has at least {SHORTEST_TOKEN} characters and no spaces")
        return token
