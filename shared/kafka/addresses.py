"""Addresses of engines with an account and its password in them: one string, as MongoDB and Redis have it, for Kafka too."""

from typing import TypedDict
from urllib.parse import quote, unquote


class KafkaOptions(TypedDict, total=False):
    """The arguments by which aiokafka's clients find a cluster and sign in."""

    bootstrap_servers: str
    security_protocol: str
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str


def sign_in(address: str, account: str, password: str) -> str:
    """The address with account and password in it. Kafka's has no scheme of its own and gets `sasl`."""
    scheme, _, rest = address.rpartition("://")
    return f"{scheme or 'sasl'}://{quote(account, safe='')}:{quote(password, safe='')}@{rest}"


def kafka_options(bootstrap: str) -> KafkaOptions:
    """Where Kafka is, `host:port[,host:port]`, and how to sign in when it is `sasl://account:password@host:port[,…]`."""
    credentials, signs_in, servers = bootstrap.removeprefix("sasl://").rpartition("@")
    if not signs_in:
        return {"bootstrap_servers": servers}
    account, _, password = credentials.partition(":")
    return {
        "bootstrap_servers": servers,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": unquote(account),
        "sasl_plain_password": unquote(password),
    }
