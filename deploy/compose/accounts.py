"""`python -m deploy.compose.accounts`: forms the replica set, and creates MongoDB's users and Kafka's ACLs from `acls.py`.

It can run again at any time, and waits for engines that are starting.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.compose.acls import ACCOUNTS, Account
from deploy.compose.brokers import ADMIN
from deploy.compose.secret_files import read
from deploy.compose.settings import ComposeSettings, split
from shared.addresses import kafka_options, sign_in
from shared.errors import SettingsError, Unavailable
from shared.kafka.client import bounded

_TIMEOUT_S = 120.0
_RETRY_S = 0.5
_USER_EXISTS = 51003
_ANSWER_MS = 5000

# Numbers of Kafka's protocol (org.apache.kafka.common.acl, .resource).
_TOPIC, _GROUP = 2, 3
_LITERAL, _PREFIXED = 3, 4
_READ, _WRITE = 3, 4
_ALLOW = 3


@dataclass(frozen=True)
class Acl:
    """One allowed operation on resources of a kind, by full name or by prefix."""

    kind: int
    name: str
    pattern: int
    operation: int


def acls_of(account: Account) -> Iterator[Acl]:
    """An account's ACLs in Kafka. Read and write include describe."""
    for topic in account.reads:
        yield Acl(_TOPIC, topic.name, _LITERAL, _READ)
    for topic in account.writes:
        yield Acl(_TOPIC, topic.name, _LITERAL, _WRITE)
    for group in account.groups:
        yield Acl(_GROUP, group, _PREFIXED, _READ)


async def create_acls(bootstrap: str) -> int:
    """Create every ACL; existing ones stay. Returns their number. Raises Unavailable."""
    admin = AIOKafkaAdminClient(**kafka_options(bootstrap), request_timeout_ms=_ANSWER_MS)
    try:
        async with bounded(2 * _ANSWER_MS / 1000, "ACLs"):
            await admin.start()
            wanted = [(account.name, acl) for account in ACCOUNTS for acl in acls_of(account)]
            for name, acl in wanted:
                await _create(admin, name, acl)
            return len(wanted)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, account: str, acl: Acl) -> None:
    request = CreateAclsRequest(acl.kind, acl.name, acl.pattern, f"User:{account}", "*", acl.operation, _ALLOW)
    answer: Any = await admin._send_request(request)
    for code, message, *_ in answer.creation_responses:
        if code:
            raise for_code(code)(f"{account}: {message}")


def form_replica_set(members: Sequence[str], client: "MongoClient[Any]") -> bool:
    """Form the replica set `rs0` unless this member already belongs to it. True when it was formed now."""
    if client.admin.command("hello").get("setName"):
        return False
    listed = [{"_id": number, "host": member} for number, member in enumerate(members)]
    client.admin.command("replSetInitiate", {"_id": "rs0", "members": listed})
    return True


def provide_users(client: "MongoClient[Any]", secrets: Path) -> int:
    """Create or update a user for each account with a database, with a role in that database alone. Returns their number."""
    accounts = [account for account in ACCOUNTS if account.database]
    for account in accounts:
        given: dict[str, Any] = {
            "pwd": read(secrets / "mongo" / account.name),
            "roles": [{"role": account.role, "db": account.database}],
        }
        try:
            client.admin.command("createUser", account.name, **given)
        except OperationFailure as error:
            if error.code != _USER_EXISTS:
                raise
            client.admin.command("updateUser", account.name, **given)
    return len(accounts)


def prepare_mongo(settings: ComposeSettings, secrets: Path) -> str:
    """Form the replica set and create its users. Raises PyMongoError while MongoDB does not answer."""
    members = split(settings.mongo_members)
    root = sign_in("mongodb://{}", "root", read(secrets / "mongo" / "root"))
    timeouts: dict[str, Any] = {"serverSelectionTimeoutMS": _ANSWER_MS, "socketTimeoutMS": 3 * _ANSWER_MS}
    with MongoClient[Any](root.format(members[0]), directConnection=True, **timeouts) as first:
        formed = form_replica_set(members, first)
    with MongoClient[Any](root.format(",".join(members)), replicaSet="rs0", **timeouts) as client:
        users = provide_users(client, secrets)
    return f"replica set of {len(members)} {'formed' if formed else 'found'}, {users} users"


async def main() -> int:
    """Prepare both engines. Returns 1, and prints the reason, when one cannot be prepared in time."""
    # aiokafka warns of an unencrypted network at each connection. That is by design: no port of it is public.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    try:
        settings = ComposeSettings.load()
        secrets = settings.secrets / "admin"
        await _prepare_engines(settings, secrets)
    except (SettingsError, Unavailable, PyMongoError, KafkaError) as error:
        print(f"accounts: {error}", file=sys.stderr)
        return 1
    return 0


async def _prepare_engines(settings: ComposeSettings, secrets: Path) -> None:
    deadline = monotonic() + _TIMEOUT_S
    kafka = sign_in(settings.kafka, ADMIN, read(secrets / "kafka" / ADMIN))
    while True:
        try:
            print(f"accounts: MongoDB: {await asyncio.to_thread(prepare_mongo, settings, secrets)}")
            print(f"accounts: Kafka: {await create_acls(kafka)} ACLs")
            return
        except (Unavailable, PyMongoError):
            if monotonic() > deadline:
                raise
        await asyncio.sleep(_RETRY_S)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
