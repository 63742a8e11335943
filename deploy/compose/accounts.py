"""`python -m deploy.compose.accounts`: forms the replica set, and creates MongoDB's users and Kafka's ACLs from `acls.py`.
Users and ACLs that are not there any more are removed.

It can run again at any time, and waits for engines that are starting.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.compose.acls import ACCOUNTS
from deploy.compose.brokers import ADMIN
from deploy.compose.kafka_acls import provide_acls
from deploy.compose.secret_files import read
from deploy.compose.settings import ComposeSettings, split
from shared.addresses import sign_in
from shared.errors import SettingsError, Unavailable

_TIMEOUT_S = 120.0
_RETRY_S = 0.5
_USER_EXISTS = 51003
_ANSWER_MS = 5000
_OURS = {"made_by": "world-monitor"}


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
            "customData": _OURS,
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


def drop_former_users(client: "MongoClient[Any]") -> list[str]:
    """Drop the users that this job made for accounts that are gone. Returns their names. An operator's own users stay."""
    wanted = {account.name for account in ACCOUNTS if account.database}
    found = client.admin.command("usersInfo", 1, filter={"customData": _OURS})["users"]
    former = sorted(str(user["user"]) for user in found if user["user"] not in wanted)
    for name in former:
        client.admin.command("dropUser", name)
    return former


def prepare_mongo(settings: ComposeSettings, secrets: Path) -> str:
    """Form the replica set and create its users. Raises PyMongoError while MongoDB does not answer."""
    members = split(settings.mongo_members)
    root = sign_in("mongodb://{}", "root", read(secrets / "mongo" / "root"))
    timeouts: dict[str, Any] = {"serverSelectionTimeoutMS": _ANSWER_MS, "socketTimeoutMS": 3 * _ANSWER_MS}
    with MongoClient[Any](root.format(members[0]), directConnection=True, **timeouts) as first:
        formed = form_replica_set(members, first)
    with MongoClient[Any](root.format(",".join(members)), replicaSet="rs0", **timeouts) as client:
        users = provide_users(client, secrets)
        former = drop_former_users(client)
    dropped = f", dropped {', '.join(former)}" if former else ""
    return f"replica set of {len(members)} {'formed' if formed else 'found'}, {users} users{dropped}"


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
            changes = await provide_acls(kafka)
            for acl in changes.removed:
                print(f"accounts: Kafka: removed {acl}")
            print(f"accounts: Kafka: {changes.wanted} ACLs, {len(changes.removed)} removed")
            return
        except (Unavailable, PyMongoError):
            if monotonic() > deadline:
                raise
        await asyncio.sleep(_RETRY_S)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
