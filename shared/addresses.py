"""Addresses with account and password in one string, for Kafka as for MongoDB and Redis."""

from typing import TypedDict
from urllib.parse import quote, unquote


class KafkaOptions(TypedDict, total=False):
    """The arguments of aiokafka's clients for a cluster's address and sign-in."""

    bootstrap_servers: str
    security_protocol: str
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str


def sign_in(address: str, account: str, password: str) -> str:
    """The address with account and password. Kafka's address has no scheme and gets `sasl`."""
    scheme, _, rest = address.rpartition("://")
    return f"{scheme or 'sasl'}://{quote(account, safe='')}:{quote(password, safe='')}@{rest}"


def kafka_options(bootstrap: str) -> KafkaOptions:
    """Options for `host:port[,host:port]`, or `sasl://account:password@host:port[,…]` with a sign-in."""
    credentials, has_account, servers = bootstrap.removeprefix("sasl://").rpartition("@")
    if not has_account:
        return {"bootstrap_servers": servers}
    account, _, password = credentials.partition(":")
    return {
        "bootstrap_servers": servers,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": unquote(account),
        "sasl_plain_password": unquote(password),
    }
