"""The mail server of `make run`: takes every mail and writes it to a folder, one `.eml` file a mail. Nothing leaves the machine.

`python -m deploy.local.mail_catcher PORT FOLDER`
"""

import asyncio
import itertools
import os
import signal
import sys
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

# The oldest files go first.
_MOST_FILES = 1000
_LARGEST_MAIL = 1_000_000


class MailFolder:
    """aiosmtpd's handler: a mail is a file, whole or not there, before the server answers that it has it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        known = [int(file.stem) for file in folder.glob("*.eml") if file.stem.isdecimal()]
        self._numbers = itertools.count(max(known, default=0) + 1)

    # The name is aiosmtpd's.
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Write the mail. Its first lines name the recipients of the envelope."""
        content = envelope.original_content or b""
        number = next(self._numbers)
        recipients = "".join(f"X-Envelope-To: {recipient}\r\n" for recipient in envelope.rcpt_tos)
        part = self._folder / f"{number:06d}.part"
        part.write_bytes(recipients.encode() + content)
        os.replace(part, self._folder / f"{number:06d}.eml")
        (self._folder / f"{number - _MOST_FILES:06d}.eml").unlink(missing_ok=True)
        return "250 OK"


async def serve(port: int, folder: Path) -> None:
    """Take mails on a loopback port until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    make = partial(
        SMTP, MailFolder(folder), data_size_limit=_LARGEST_MAIL, enable_SMTPUTF8=True, hostname="localhost", loop=loop
    )
    async with await loop.create_server(make, "127.0.0.1", port):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
