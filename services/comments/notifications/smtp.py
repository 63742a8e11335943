"""The SMTP client: one connection for several mails, and the meaning of each answer of the server.

Answers of a server often repeat the address, so no error of the library is logged or raised from here: only its kind and code.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from typing import Literal

import aiosmtplib
import idna

from shared.errors import Unavailable
from shared.smtp_address import SmtpAddress

# Waits for each answer of the server. RFC 5321 (4.5.3.2) suggests minutes; a slow server is asked again later.
_TIMEOUT_S = 20.0
_QUIT_TIMEOUT_S = 2.0
_SERVICE_NOT_AVAILABLE = 421

Result = Literal["sent", "refused", "later", "uncertain", "taken"]


@dataclass(frozen=True)
class Delivery:
    """The outcome of one attempt.

    `refused`: for ever. `later`: for now; the server has not taken the mail. `uncertain`: the connection ended while the server
    may have taken it. `taken`: another process has the mail. `code`: the server's, 0 without an answer.
    """

    result: Result
    code: int = 0


class MailServerDown(Unavailable):
    """The server takes no mail at the moment: not reached, no TLS, no sign-in, or it refuses the sender."""


class MailFailed(MailServerDown):
    """The connection ended over one recipient, and the server has not got the mail. It may take others. `code`: as in Delivery."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Envelope:
    """A mail for one recipient."""

    sender: str
    recipient: str
    message: EmailMessage


class SmtpConnection:
    """A signed-in connection. `deliver` one mail after the other."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client

    async def deliver(self, envelope: Envelope, claim: Callable[[], Awaitable[bool]]) -> Delivery:
        """Hand a mail over. `claim` is called when the server accepts the recipient, and before it gets the text.

        Only from then on the server may have the mail. Raises MailServerDown, and the errors of `claim`; then it has not.
        MailFailed: after the recipient was named, so that another mail may be taken. No further mail goes over this connection.
        """
        refusal = await self._announce(envelope)
        if refusal is not None:
            await self._reset()
            return refusal
        content = _content(envelope)
        if not await claim():
            await self._reset()
            return Delivery("taken")
        return await self._hand_over(content)

    async def _announce(self, envelope: Envelope) -> Delivery | None:
        """Name sender and recipient; the refusal of the recipient, None when the server takes it."""
        recipient, needs_utf8 = smtp_form(envelope.recipient)
        if needs_utf8 and not self._client.supports_extension("smtputf8"):
            return Delivery("refused")
        encoding = "utf-8" if needs_utf8 else "ascii"
        try:
            await self._client.mail(envelope.sender, options=["SMTPUTF8"] if needs_utf8 else [], encoding=encoding)
        except (aiosmtplib.SMTPException, OSError) as error:
            # All mails have the same sender; only the option is this recipient's.
            raise (_failed(error) if needs_utf8 else _down(error)) from None
        try:
            await self._client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code == _SERVICE_NOT_AVAILABLE:
                raise _failed(error) from None
            return _refusal(error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _failed(error) from None
        return None

    async def _reset(self) -> None:
        """Forget a recipient. A server that fails here has answered for this mail; the next one finds the connection closed."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    async def _hand_over(self, content: bytes) -> Delivery:
        try:
            answer = await self._client.data(content)
        except aiosmtplib.SMTPDataError as error:
            return _refusal(error.code)
        except (aiosmtplib.SMTPException, OSError):
            return Delivery("uncertain")
        return Delivery("sent", answer.code)


@asynccontextmanager
async def connected(server: SmtpAddress, ca_file: Path | None) -> AsyncIterator[SmtpConnection]:
    """A connection to the mail server for the length of a block. Raises MailServerDown.

    With `starttls` a server that does not offer it gets nothing. The certificate must be valid and name the host.
    """
    client = _client(server, ca_file)
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        client.close()
        raise _down(error) from None
    try:
        yield SmtpConnection(client)
    finally:
        await _quit(client)


def _client(server: SmtpAddress, ca_file: Path | None) -> aiosmtplib.SMTP:
    context = None if server.tls == "none" else _tls_context(ca_file)
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.account or None,
        password=server.password or None,
        # The machine's name stays private, and a look-up of it may wait for DNS.
        local_hostname="localhost",
        timeout=_TIMEOUT_S,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        tls_context=context,
    )


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise MailServerDown(f"WM_SMTP_CA_FILE: {error.strerror or 'it cannot be read'}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _quit(client: aiosmtplib.SMTP) -> None:
    if not client.is_connected:
        return
    try:
        await client.quit(timeout=_QUIT_TIMEOUT_S)
    except (aiosmtplib.SMTPException, OSError):
        client.close()  # nothing is lost: the server has answered for each mail


def smtp_form(email: str) -> tuple[str, bool]:
    """The address with its domain in ASCII, and whether its local part still needs SMTPUTF8 (RFC 6531)."""
    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}", not local.isascii()
    except idna.IDNAError:
        return email, True


def _content(envelope: Envelope) -> bytes:
    _, needs_utf8 = smtp_form(envelope.recipient)
    return envelope.message.as_bytes(policy=_MailPolicy(linesep="\r\n", cte_type="7bit", utf8=needs_utf8))


class _MailPolicy(EmailPolicy):
    """Python's policy, except that a header with a long address stays one line.

    Python writes a word above 78 characters as an encoded word, which mail programs do not read in these headers (RFC 2047, 5).
    """

    # The name is the library's.
    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as bytes."""
        if name.lower() in _ONE_LINE:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_ONE_LINE = frozenset({"list-unsubscribe", "message-id"})


def _refusal(code: int) -> Delivery:
    return Delivery("refused" if 500 <= code < 600 else "later", code)


def _down(error: Exception) -> MailServerDown:
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailServerDown(f"mail server: certificate: {error.verify_message}")
    return MailServerDown(_kind(error))


def _failed(error: Exception) -> MailFailed:
    return MailFailed(_kind(error), _code(error))


def _kind(error: Exception) -> str:
    return f"mail server: {type(error).__name__} {_code(error) or ''}".rstrip()


def _code(error: Exception) -> int:
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
