"""The mail catcher of `make run`: each mail is a file, numbered on after a restart, the oldest go first."""

import asyncio
import email
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from deploy.local.mail_catcher import MailFolder
from services.comments.notifications.smtp import Envelope, connected
from shared.smtp_address import SmtpAddress


async def ours() -> bool:
    return True


async def deliver(folder: Path, count: int) -> None:
    """Hand mails to a catcher that has just been started."""
    loop = asyncio.get_running_loop()
    make = partial(SMTP, MailFolder(folder), enable_SMTPUTF8=True, hostname="localhost", loop=loop)
    async with await loop.create_server(make, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connected(SmtpAddress("127.0.0.1", port, "none"), None) as connection:
            for _ in range(count):
                message = EmailMessage()
                message["Subject"] = "Hello"
                message.set_content("Yes.")
                await connection.deliver(Envelope("a@news.example", "ada@home.example", message), ours)


async def test_each_mail_is_a_file_and_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.mail_catcher._MOST_FILES", 3)
    folder = tmp_path / "mail"

    await deliver(folder, 2)
    await deliver(folder, 2)

    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["000002.eml", "000003.eml", "000004.eml"]
    mail = email.message_from_bytes(files[0].read_bytes())
    assert (mail["Subject"], mail["X-Envelope-To"]) == ("Hello", "ada@home.example")
