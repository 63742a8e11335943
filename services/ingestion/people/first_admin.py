"""The desk's first admin, made at the first start, so that somebody can sign in and invite the others."""

import asyncio
import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
import structlog

from services.ingestion.people.passwords import Passwords
from services.ingestion.people.person_store import EmailTaken, PersonStore
from services.ingestion.people.records import Person
from shared.errors import SettingsError
from shared.ids import new_id

_log = structlog.get_logger(__name__)

_NAME = "Admin"


@dataclass(frozen=True)
class FirstAdmin:
    """The wanted admin. The password is the given one, else the one in `login_file`, which is made when it is missing."""

    email: str
    url: str
    login_file: Path | None
    password: str | None


@dataclass(frozen=True)
class Login:
    """The content of the log-in file, as JSON."""

    url: str
    email: str
    password: str


async def provide_first_admin(wanted: FirstAdmin, people: PersonStore, passwords: Passwords, at: datetime) -> None:
    """Make the admin if there are no people yet. Raises Unavailable, and SettingsError for a file that cannot be used.

    The file comes before the person, and only one process can make it. A process that dies between the two leaves a password
    that the next start uses.
    """
    if (wanted.password is None and wanted.login_file is None) or await people.list():
        return
    login = await asyncio.to_thread(_login, wanted)
    hashed = await passwords.hash(login.password)
    admin = Person(id=new_id(), name=_NAME, email=login.email, role="admin", password_hash=hashed, created_at=at)
    try:
        await people.add(admin)
    except EmailTaken:
        return  # another process of this service was faster
    _log.info("people.first_admin", person=admin.id)


def _login(wanted: FirstAdmin) -> Login:
    if wanted.password is not None:
        return Login(wanted.url, wanted.email, wanted.password)
    assert wanted.login_file is not None
    try:
        _write_once(wanted.login_file, Login(wanted.url, wanted.email, secrets.token_urlsafe(15)))
        return Login(**orjson.loads(wanted.login_file.read_bytes()))
    except (OSError, TypeError, ValueError) as error:
        raise SettingsError(f"WM_DESK_LOGIN_FILE: {wanted.login_file} cannot be used: {error}") from error


def _write_once(path: Path, login: Login) -> None:
    """Write the whole file with mode 0600, unless it is there."""
    # With mode 0600 from the beginning.
    descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(login, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        Path(fresh).unlink()
