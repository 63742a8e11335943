"""Settings of the comments service, beyond those of every service."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from services.comments.model.fields import Email
from services.comments.model.rules import Mode
from shared.errors import SettingsError
from shared.http.networks import read_networks
from shared.settings import Settings, read_password, split_urls
from shared.smtp_address import SmtpAddress, parse_smtp, with_password


class CommentsSettings(Settings):
    """Each field is the environment variable `WM_<NAME>`."""

    comments_mode: Mode = Field(
        "first-comment",
        description="which comments wait for a moderator, until one changes it by the API: pre, post, first-comment",
    )
    comments_rate: str = Field(
        "30/minute;300/hour",
        description="the rate limit of one visitor, in the notation of the library `limits`",
    )
    comments_reactions_rate: str = Field(
        "60/minute;600/hour",
        description="the rate limit of one visitor's votes and reports, in the notation of the library `limits`",
    )
    fetch_allow: str = Field(
        "", description="networks that addresses chosen by others may lead to, although not public; separated by commas"
    )
    forwarded_for: bool = Field(
        True,
        description="whether to trust X-Forwarded-For; clients reach services only through the edge, which sets it",
    )
    letters_kept_days: int = Field(
        365, ge=0, le=36_500, description="after how many days readers' letters are deleted; 0: never"
    )
    addresses_kept_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description="after how many days the e-mail addresses of comments are deleted, and approvals with them; 0: never",
    )
    ingestion: str = Field(
        "http://127.0.0.1:8101", description="base URLs of ingestion's instances, separated by commas, to check tokens"
    )

    smtp: str = Field(
        "",
        repr=False,
        description="the mail server for mails about replies: smtp://[account@]host[:port] (STARTTLS; `?tls=none` without TLS) or "
        "smtps://[account@]host[:port]; empty: no mails",
    )
    smtp_password_file: Path | None = Field(None, description="file with the account's password at the mail server")
    smtp_ca_file: Path | None = Field(
        None, description="file with the certificates that the mail server's is checked with; the system's if absent"
    )
    mail_from: Email = Field("comments@localhost.localdomain", description="address that mails come from")
    mails_a_day: int = Field(
        5000, ge=1, le=10_000_000, description="mails a day (UTC) at most; further ones wait for the next day"
    )

    @field_validator("smtp")
    @classmethod
    def _smtp_is_an_address(cls, url: str) -> str:
        try:
            if url:
                parse_smtp(url)
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return url

    rendering: str = Field(
        "http://127.0.0.1:8000",
        description="gateways' URLs, separated by commas, to see that an erased text is off the pages",
    )

    @model_validator(mode="after")
    def _fetch_allow_has_networks(self) -> Self:
        read_networks(self.fetch_allow)
        return self

    @model_validator(mode="after")
    def _ingestion_is_named(self) -> Self:
        if not self.ingestion_urls:
            raise ValueError("WM_INGESTION must name at least one URL")
        return self

    @property
    def mail_server(self) -> SmtpAddress | None:
        """The mail server; None without one."""
        return parse_smtp(self.smtp) if self.smtp else None

    def addresses_with_passwords(self) -> dict[str, str]:
        """Those of every service, and the mail server's. Raises SettingsError."""
        found = super().addresses_with_passwords()
        if self.smtp and self.smtp_password_file is not None:
            password = read_password("WM_SMTP_PASSWORD_FILE", self.smtp_password_file)
            found["smtp"] = with_password(self.smtp, password)
        return found

    @property
    def rendering_urls(self) -> tuple[str, ...]:
        """Each gateway's base URL, without a trailing slash."""
        return split_urls(self.rendering)

    @property
    def ingestion_urls(self) -> tuple[str, ...]:
        """Each instance's base URL, without a trailing slash."""
        return split_urls(self.ingestion)
