"""Settings of the ingestion service, beyond those of every service."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from services.ingestion.people.fields import EmailAddress
from shared.errors import SettingsError
from shared.settings import Settings, split_urls

# Nobody types a token. A shorter text is a mistake, such as a file with a word in it.
SHORTEST_TOKEN = 20
SHORTEST_PASSWORD = 12


class IngestionSettings(Settings):
    """Each field is the environment variable `WM_<NAME>`."""

    ingestion_database: str = Field("ingestion", min_length=1, description="the service's database in MongoDB")
    admin_token_file: Path | None = Field(
        None,
        description="a file with an admin's token; a different text in it replaces the token at the next start",
    )
    desk_login_file: Path | None = Field(
        None,
        description="a file for the log-in of the desk's first admin; the first start makes both while there are no people",
    )
    desk_admin_password_file: Path | None = Field(
        None, description="a file with the password of the desk's first admin, instead of WM_DESK_LOGIN_FILE"
    )
    desk_admin_email: EmailAddress = Field(
        "admin@world-monitor.example", description="the e-mail address of the desk's first admin"
    )
    rendering: str = Field(
        "",
        description="gateways' base URLs, separated by commas: traces ask them when an article became visible",
    )
    media: str = Field(
        "",
        description="media's base URLs, separated by commas: asked about pictures that articles name",
    )
    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )

    @property
    def rendering_urls(self) -> Sequence[str]:
        """Each gateway's base URL, without a trailing slash."""
        return split_urls(self.rendering)

    @property
    def media_urls(self) -> Sequence[str]:
        """Each base URL of media, without a trailing slash."""
        return split_urls(self.media)

    def desk_admin_password(self) -> str | None:
        """The password in `desk_admin_password_file`, None without such a file. Raises SettingsError when it is too short."""
        if self.desk_admin_password_file is None:
            return None
        try:
            password = self.desk_admin_password_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"WM_DESK_ADMIN_PASSWORD_FILE: {self.desk_admin_password_file} cannot be read: {error}"
            ) from error
        if len(password) < SHORTEST_PASSWORD:
            raise SettingsError(f"WM_DESK_ADMIN_PASSWORD_FILE: a password has at least {SHORTEST_PASSWORD} characters")
        return password

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
