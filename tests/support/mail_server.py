"""A real SMTP server for tests (aiosmtpd), in the test's own loop, whose answers a test chooses; and certificates of an own CA."""

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ACCOUNT, PASSWORD = "paper", "s/cret: word"


@dataclass
class ReceivedMail:
    """A mail that the server acknowledged."""

    recipient: str
    message: EmailMessage
    content: bytes = b""

    def part(self, subtype: Literal["plain", "html"]) -> str:
        """The text of one alternative."""
        found = self.message.get_body((subtype,))
        assert found is not None
        return str(found.get_content()).replace("\r\n", "\n")


Hook = Callable[[str], Awaitable[str | None]]
"""Called with a recipient; the answer instead of the usual one, or None. "close" ends the connection without an answer."""


@dataclass
class MailServer:
    """aiosmtpd's handler. `on_recipient` and `on_data` decide the answers, `mails` are those that were acknowledged.

    `closes_after_refusals`: at RSET it ends the connection.
    """

    url: str = ""
    mails: list[ReceivedMail] = field(default_factory=list)
    on_recipient: Hook | None = None
    on_data: Hook | None = None
    closes_after_refusals: bool = False

    def to(self, recipient: str) -> list[ReceivedMail]:
        """The mails of a recipient."""
        return [mail for mail in self.mails if mail.recipient == recipient]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient, unless a test decides otherwise."""
        answer = await self.on_recipient(address) if self.on_recipient else None
        if answer is None:
            envelope.rcpt_tos.append(address)
        if answer == "close":
            _abort(server)
        return answer or "250 OK"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Forget a recipient."""
        if self.closes_after_refusals:
            _abort(server)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail, unless a test decides otherwise."""
        (recipient,) = envelope.rcpt_tos
        answer = await self.on_data(recipient) if self.on_data else None
        if answer is None or answer == "close":
            message = email.message_from_bytes(envelope.original_content or b"", policy=default)
            assert isinstance(message, EmailMessage)
            self.mails.append(ReceivedMail(recipient, message, envelope.original_content or b""))
        if answer == "close":
            _abort(server)
        return answer or "250 OK"


def _abort(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.abort()  # type: ignore[attr-defined]  # aiosmtpd declares a BaseTransport


@asynccontextmanager
async def running_mail_server(
    *, certificate: Path | None = None, tls: Literal["none", "starttls", "tls"] = "none", utf8: bool = True
) -> AsyncIterator[MailServer]:
    """A server on a free loopback port for the length of a block. With TLS it demands ACCOUNT and PASSWORD."""
    handler, loop, context = MailServer(), asyncio.get_running_loop(), None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    make = partial(
        SMTP, handler, loop=loop, enable_SMTPUTF8=utf8, hostname="localhost", authenticator=_authenticate,
        auth_required=tls != "none", auth_require_tls=tls == "starttls",
        tls_context=context if tls == "starttls" else None, require_starttls=tls == "starttls",
    )  # fmt: skip
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
    port = server.sockets[0].getsockname()[1]
    scheme, query = ("smtps", "") if tls == "tls" else ("smtp", "" if tls == "starttls" else "?tls=none")
    handler.url = f"{scheme}://127.0.0.1:{port}{query}"
    try:
        yield handler
    finally:
        server.close()


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (ACCOUNT.encode(), PASSWORD.encode()), handled=False)


def write_certificates(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A CA of its own and a server's certificate for an address: the CA's file, and the server's with its key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    ca = _certificate(ca_name, ca_name, ca_key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    server = _certificate(name, ca_name, key.public_key()).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
    )
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server_file.write_bytes(private + server.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return ca_file, server_file


def _certificate(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    moment = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(moment - timedelta(days=1)).not_valid_after(moment + timedelta(days=2))
