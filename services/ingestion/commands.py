"""`world-monitor tokens` and `world-monitor republish articles`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from services.ingestion.people.actor import Actor
from services.ingestion.people.roles import Role
from services.ingestion.people.tokens import TokenEntry, TokenOwner, make_token
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.errors import Problem
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.outbox.republish import republish_all
from shared.process.command_line import AsJson, command_group, print_json, print_progress
from shared.text import EDITOR_LINE, tidy
from shared.times import now, rfc3339

# The actor of a command, in the audit log.
OPERATOR = Actor("command-line", "the command line", "admin", "command")

tokens = command_group("tokens", "Editors' tokens.")


def _check_name(_: object, name: str) -> None:
    if not tidy(name, EDITOR_LINE):
        raise ValueError("There is nothing to read in it.")


_Name = Annotated[str, Parameter(validator=_check_name, help="the person's name; revisions show it")]


@tokens.command(name="create")
async def create_token(*, name: _Name, role: Role) -> None:
    """Create a token for a person and print it, once."""
    token, owner, at = make_token(), TokenOwner(new_id(), tidy(name, EDITOR_LINE), role), now()
    with open_store() as store:

        async def work(session: Session) -> None:
            await store.tokens.add(token, owner, at, session=session)
            await _note(store, "token.create", owner, at, session)

        await store.mongo.transaction(work)
    print(token)


@tokens.command(name="list")
async def list_tokens(*, as_json: AsJson = False) -> None:
    """Show each token's id, owner and state; never the token."""
    with open_store() as store:
        entries = await store.tokens.list()
    if as_json:
        print_json([_facts(entry) for entry in entries])
        return
    for entry in entries:
        owner = entry.owner
        print(f"{owner.token_id}  {owner.role:9}  {rfc3339(entry.created_at)}  {_state(entry)}  {owner.name}")


def _state(entry: TokenEntry) -> str:
    if entry.revoked_at is not None:
        return f"revoked {rfc3339(entry.revoked_at)}"
    if entry.expires_at is None:
        return "valid"
    return f"{'expired' if entry.is_over(now()) else 'valid until'} {rfc3339(entry.expires_at)}"


def _facts(entry: TokenEntry) -> dict[str, str | None]:
    return {
        "id": entry.owner.token_id,
        "role": entry.owner.role,
        "name": entry.owner.name,
        "created_at": rfc3339(entry.created_at),
        "expires_at": _time(entry.expires_at),
        "last_used_at": _time(entry.last_used_at),
        "revoked_at": _time(entry.revoked_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


@tokens.command(name="revoke")
async def revoke_token(token_id: str) -> None:
    """Revoke a token by its id in the list."""
    at = now()
    with open_store() as store:

        async def work(session: Session) -> bool:
            entry = await store.tokens.find_by_id(token_id, session)
            if entry is None:
                return False
            entry.check_revocation()
            if not await store.tokens.revoke(token_id, at, session):
                return False
            await _note(store, "token.revoke", entry.owner, at, session)
            return True

        try:
            is_revoked = await store.mongo.transaction(work)
        except Problem as problem:
            sys.exit(f"world-monitor: {problem.detail}")
        if not is_revoked:
            sys.exit(f"world-monitor: there is no valid token with the id {token_id}")
    print(f"revoked {token_id}")


async def _note(store: Store, action: str, owner: TokenOwner, at: datetime, session: Session) -> None:
    details = {"name": owner.name, "role": owner.role}
    await store.audit.note(OPERATOR, action, owner.token_id, "local", at, details, session)


async def republish() -> None:
    """Have the running service send every article's newest state to articles.v1 again; shows progress until it is done."""
    with open_store() as store:
        await republish_all(store.outbox, await store.articles.count(), print_progress)
    print("articles.v1 has every article again")


@contextmanager
def open_store() -> Iterator[Store]:
    """The service's stores, for the length of a command."""
    settings = IngestionSettings.load()
    store = Store(Mongo(settings.mongo), settings.ingestion_database)
    try:
        yield store
    finally:
        store.mongo.close()
