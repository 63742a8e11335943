"""`world-monitor tokens` and `world-monitor republish articles`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter

from services.ingestion.people.roles import Role
from services.ingestion.people.tokens import TokenEntry, TokenOwner, make_token
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.outbox.republish import republish_all
from shared.process.command_line import AsJson, command_group, print_json, print_progress
from shared.text import EDITOR_LINE, tidy
from shared.times import now, rfc3339

tokens = command_group("tokens", "Editors' tokens.")


def _check_name(_: object, name: str) -> None:
    if not tidy(name, EDITOR_LINE):
        raise ValueError("There is nothing to read in it.")


_Name = Annotated[str, Parameter(validator=_check_name, help="the person's name; revisions show it")]


@tokens.command(name="create")
async def create_token(*, name: _Name, role: Role) -> None:
    """Create a token for a person and print it, once."""
    token = make_token()
    with _open_store() as store:
        await store.tokens.add(token, TokenOwner(new_id(), tidy(name, EDITOR_LINE), role), now())
    print(token)


@tokens.command(name="list")
async def list_tokens(*, as_json: AsJson = False) -> None:
    """Show each token's id, owner and state; never the token."""
    with _open_store() as store:
        entries = await store.tokens.list()
    if as_json:
        print_json([_facts(entry) for entry in entries])
        return
    for entry in entries:
        state = "valid" if entry.revoked_at is None else f"revoked {rfc3339(entry.revoked_at)}"
        owner = entry.owner
        print(f"{owner.token_id}  {owner.role:9}  {rfc3339(entry.created_at)}  {state}  {owner.name}")


def _facts(entry: TokenEntry) -> dict[str, str | None]:
    return {
        "id": entry.owner.token_id,
        "role": entry.owner.role,
        "name": entry.owner.name,
        "created_at": rfc3339(entry.created_at),
        "revoked_at": None if entry.revoked_at is None else rfc3339(entry.revoked_at),
    }


@tokens.command(name="revoke")
async def revoke_token(token_id: str) -> None:
    """Revoke a token by its id in the list."""
    with _open_store() as store:
        if not await store.tokens.revoke(token_id, now()):
            sys.exit(f"world-monitor: there is no valid token with the id {token_id}")
    print(f"revoked {token_id}")


async def republish() -> None:
    """Have the running service send every article's newest state to articles.v1 again; shows progress until it is done."""
    with _open_store() as store:
        await republish_all(store.outbox, await store.articles.count(), print_progress)
    print("articles.v1 has every article again")


@contextmanager
def _open_store() -> Iterator[Store]:
    settings = IngestionSettings.load()
    store = Store(Mongo(settings.mongo), settings.ingestion_database)
    try:
        yield store
    finally:
        store.mongo.close()
