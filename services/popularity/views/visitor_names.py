"""Names of a day's visitors and networks: keyed hashes that cannot be traced back once the day's key is destroyed.

The keys: `day_keys.py`.
"""

import hashlib
import ipaddress
import socket
from typing import NamedTuple

from services.popularity.views.day_keys import Keys
from shared.http.visitors import network

_SIZE = 8
_NOBODY = bytes(_SIZE)
# The lower 80 bits of an IPv6 address: a customer of a provider often has a /48.
_BELOW_WIDER_BITS = 80


class Client(NamedTuple):
    """A visitor's network, the wider network around it, and the browser."""

    network: str
    wider: str
    agent: str


def client_of(address: str, agent: str) -> Client:
    """IPv4: the address and its /24; IPv6: its /64 and its /48. Any other text is its own network."""
    try:
        # Most addresses. `ipaddress` takes ten times as long.
        socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        own = network(address)
        return Client(own, _wider(own), agent)
    return Client(address, address.rpartition(".")[0], agent)


def _wider(own: str) -> str:
    try:
        return f"{int(ipaddress.IPv6Address(own.partition('/')[0])) >> _BELOW_WIDER_BITS:x}"
    except ValueError:
        return own


def visitor_name(key: bytes, client: Client, site_origin: str) -> bytes:
    """Eight bytes that name one visitor during one day: the same network and browser have the same name."""
    return _digest(key, f"{client.network}\0{client.agent}\0{site_origin}")


def claim_of(keys: Keys, client: Client, visitor: bytes, site_origin: str, article: str, event_id: bytes) -> bytes:
    """The claim of a visitor's view, as `claim_views.lua` reads it; empty without a key of the day. `event_id` has 16 bytes."""
    if keys.today is None:
        return b""
    today = _of_article(keys.today, visitor, article)
    before = _NOBODY
    if keys.yesterday is not None:
        before = _of_article(keys.yesterday, visitor_name(keys.yesterday, client, site_origin), article)
    own = _digest(keys.today, f"network\0{client.network}\0{article}")
    wider = _digest(keys.today, f"wider\0{client.wider}\0{article}")
    return b"".join((today, before, own, wider, event_id))


def _of_article(key: bytes, visitor: bytes, article: str) -> bytes:
    return _digest(key, f"visitor\0{visitor.hex()}\0{article}")


def _digest(key: bytes, text: str) -> bytes:
    # Headers may hold bytes that are not UTF-8.
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=_SIZE).digest()
