"""A mail server's address as a setting: `smtp://account@host:587?tls=starttls` or `smtps://account@host`."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from shared.errors import SettingsError

Tls = Literal["starttls", "tls", "none"]

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class SmtpAddress:
    """Where and how mails are handed over. `tls`: after STARTTLS, from the first byte, or not at all. No account: no sign-in."""

    host: str
    port: int
    tls: Tls
    account: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"SmtpAddress({self.host}:{self.port}, {self.tls})"


def parse_smtp(url: str) -> SmtpAddress:
    """Parse an address. `smtp` means STARTTLS unless `?tls=none`, `smtps` means TLS. Raises SettingsError.

    A password is never sent without TLS.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise _fault() from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise _fault()
    tls = _tls(parts.scheme, query)
    password = unquote(parts.password or "")
    if password and tls == "none":
        raise SettingsError("WM_SMTP: a password needs TLS")
    return SmtpAddress(parts.hostname, port or _PORTS[tls], tls, unquote(parts.username or ""), password)


def with_password(url: str, password: str) -> str:
    """The address with a password for its account. Raises SettingsError when it names no account."""
    scheme, _, rest = url.partition("://")
    account, at, host = rest.rpartition("@")
    if not at or not account or ":" in account:
        raise SettingsError("WM_SMTP must name the account of WM_SMTP_PASSWORD_FILE, and no password")
    address = f"{scheme}://{account}:{quote(password, safe='')}@{host}"
    parse_smtp(address)
    return address


def _tls(scheme: str, query: dict[str, str]) -> Tls:
    wanted = query.pop("tls", "tls" if scheme == "smtps" else "starttls")
    allowed = ("tls",) if scheme == "smtps" else ("starttls", "none")
    if query or wanted not in allowed:
        raise _fault()
    return "tls" if wanted == "tls" else "none" if wanted == "none" else "starttls"


def _fault() -> SettingsError:
    return SettingsError(
        "WM_SMTP is not smtp://[account@]host[:port][?tls=starttls|none] or smtps://[account@]host[:port]"
    )
