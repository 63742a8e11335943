"""`python -m deploy.compose.accounts`: forms the replica set, and makes MongoDB's users and Kafka's access rights agree with
`grants.py`. It may be run again at any time; it waits for engines that are still starting."""

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

_PATIENCE_S = 120.0
_RETRY_S = 0.5
_USER_EXISTS = 51003
_ANSWER_MS = 5000

# Numbers of Kafka's protocol (org.apache.kafka.common.acl, .resource).
_TOPIC, _GROUP = 2, 3
_LITERAL, _PREFIXED = 3, 4
_READ, _WRITE = 3, 4
_ALLOW = 3


@dataclass(frozen=True)
class Right:
    """One access right: `operation` on resources of a kind, by a name or by the beginning of one."""

    kind: int
    name: str
    pattern: int
    operation: int


def rights(account: Account) -> Iterator[Right]:
    """What an account may do in Kafka. Reading and writing include describing."""
    for topic in account.reads:
        yield Right(_TOPIC, topic.name, _LITERAL, _READ)
    for topic in account.writes:
        yield Right(_TOPIC, topic.name, _LITERAL, _WRITE)
    for group in account.groups:
        yield Right(_GROUP, group, _PREFIXED, _READ)


async def grant(bootstrap: str) -> int:
    """Create every right; those that are there already stay. Returns how many. Raises Unavailable."""
    admin = AIOKafkaAdminClient(**kafka_options(bootstrap), request_timeout_ms=_ANSWER_MS)
    try:
        async with bounded(2 * _ANSWER_MS / 1000, "access rights"):
            await admin.start()
            wanted = [(account.name, right) for account in ACCOUNTS for right in rights(account)]
            for name, right in wanted:
                await _create(admin, name, right)
            return len(wanted)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, account: str, right: Right) -> None:
    request = CreateAclsRequest(right.kind, right.name, right.pattern, f"User:{account}", "*", right.operation, _ALLOW)
    answer: Any = await admin._send_request(request)
    for code, message, *_ in answer.creation_responses:
        if code:
            raise for_code(code)(f"{account}: {message}")


def form_replica_set(members: Sequence[str], client: "MongoClient[Any]") -> bool:
    """Form the replica set `rs0` of these members unless this one already belongs to it; whether it was formed now."""
    if client.admin.command("hello").get("setName"):
        return False
    listed = [{"_id": number, "host": member} for number, member in enumerate(members)]
    client.admin.command("replSetInitiate", {"_id": "rs0", "members": listed})
    return True


def provide_users(client: "MongoClient[Any]", secrets: Path) -> int:
    """A user for each account that has a database, with a role in that one alone; returns how many."""
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
    """The replica set and its users. Raises PyMongoError while MongoDB is not there yet."""
    members = split(settings.mongo_members)
    root = sign_in("mongodb://{}", "root", read(secrets / "mongo" / "root"))
    timeouts: dict[str, Any] = {"serverSelectionTimeoutMS": _ANSWER_MS, "socketTimeoutMS": 3 * _ANSWER_MS}
    with MongoClient[Any](root.format(members[0]), directConnection=True, **timeouts) as first:
        formed = form_replica_set(members, first)
    with MongoClient[Any](root.format(",".join(members)), replicaSet="rs0", **timeouts) as client:
        users = provide_users(client, secrets)
    return f"replica set of {len(members)} {'formed' if formed else 'found'}, {users} users"


async def main() -> int:
    """Both engines; 1 with the reason when one of them cannot be prepared in time."""
    # It warns at each connection that the network is not encrypted, which is so by design: no port of it leads outside.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    try:
        settings = ComposeSettings.load()
        secrets = settings.secrets / "admin"
        await _patiently(settings, secrets)
    except (SettingsError, Unavailable, PyMongoError, KafkaError) as error:
        print(f"accounts: {error}", file=sys.stderr)
        return 1
    return 0


async def _patiently(settings: ComposeSettings, secrets: Path) -> None:
    deadline = monotonic() + _PATIENCE_S
    kafka = sign_in(settings.kafka, ADMIN, read(secrets / "kafka" / ADMIN))
    while True:
        try:
            print(f"accounts: MongoDB: {await asyncio.to_thread(prepare_mongo, settings, secrets)}")
            print(f"accounts: Kafka: {await grant(kafka)} access rights")
            return
        except (Unavailable, PyMongoError):
            if monotonic() > deadline:
                raise
        await asyncio.sleep(_RETRY_S)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
