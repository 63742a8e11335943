"""Kafka's ACLs: creates those of `acls.py` and removes all others. `accounts.py` calls it at each `docker compose up`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from deploy.compose.acls import ACCOUNTS, Account
from shared.addresses import kafka_options
from shared.kafka.client import bounded

_ANSWER_MS = 5000

# Numbers of Kafka's protocol (org.apache.kafka.common.acl, .resource).
_ANY = 1
_TOPIC, _GROUP = 2, 3
_LITERAL, _PREFIXED = 3, 4
_READ, _WRITE, _DELETE = 3, 4, 6
_ALLOW = 3
_EVERY_HOST = "*"


@dataclass(frozen=True, order=True)
class Acl:
    """One operation on resources of a kind, by full name or by prefix, allowed (or denied) to a principal."""

    principal: str
    kind: int
    name: str
    pattern: int
    operation: int
    host: str = _EVERY_HOST
    permission: int = _ALLOW


@dataclass(frozen=True)
class Changes:
    """What a run did: the number of ACLs wanted, and those that it removed."""

    wanted: int
    removed: tuple[Acl, ...]


def acls_of(account: Account) -> Iterator[Acl]:
    """An account's ACLs. Read, write and delete include describe."""
    user = f"User:{account.name}"
    for topic in account.reads:
        yield Acl(user, _TOPIC, topic.name, _LITERAL, _READ)
    for topic in account.writes:
        yield Acl(user, _TOPIC, topic.name, _LITERAL, _WRITE)
    for topic in account.empties:
        yield Acl(user, _TOPIC, topic.name, _LITERAL, _DELETE)
    for group in account.groups:
        yield Acl(user, _GROUP, group, _PREFIXED, _READ)


async def provide_acls(bootstrap: str, accounts: Iterable[Account] = ACCOUNTS) -> Changes:
    """Create the missing ACLs, then remove every other one, of any principal. Raises Unavailable, KafkaError."""
    admin = AIOKafkaAdminClient(**kafka_options(bootstrap), request_timeout_ms=_ANSWER_MS)
    wanted = {acl for account in accounts for acl in acls_of(account)}
    try:
        async with bounded(4 * _ANSWER_MS / 1000, "ACLs"):
            await admin.start()
            existing = await _existing(admin)
            for acl in sorted(wanted - existing):
                await _create(admin, acl)
            removed = sorted(existing - wanted)
            for acl in removed:
                await _remove(admin, acl)
            return Changes(len(wanted), tuple(removed))
    finally:
        await admin.close()


async def _existing(admin: AIOKafkaAdminClient) -> set[Acl]:
    # None is "any" for names, principals and hosts.
    anything: Any = None
    request = DescribeAclsRequest(_ANY, anything, _ANY, anything, anything, _ANY, _ANY)
    answer: Any = await admin._send_request(request)
    _check(answer.error_code, answer.error_message)
    return {
        Acl(principal, kind, name, pattern, operation, host, permission)
        for kind, name, pattern, acls in answer.resources
        for principal, host, operation, permission in acls
    }


async def _create(admin: AIOKafkaAdminClient, acl: Acl) -> None:
    answer: Any = await admin._send_request(CreateAclsRequest(*_fields(acl)))
    for code, message, *_ in answer.creation_responses:
        _check(code, f"{acl.principal}: {message}")


async def _remove(admin: AIOKafkaAdminClient, acl: Acl) -> None:
    answer: Any = await admin._send_request(DeleteAclsRequest(*_fields(acl)))
    for code, message, matching in answer.filter_responses:
        _check(code, f"{acl.principal}: {message}")
        for one_code, one_message, *_ in matching:
            _check(one_code, f"{acl.principal}: {one_message}")


def _fields(acl: Acl) -> tuple[int, str, int, str, str, int, int]:
    return acl.kind, acl.name, acl.pattern, acl.principal, acl.host, acl.operation, acl.permission


def _check(code: int, message: object) -> None:
    if code:
        raise for_code(code)(str(message))
