"""Who asks: the actor of a request, and the network it comes from."""

import ipaddress
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from services.ingestion.people.roles import Role
from shared.http.visitors import address_of

# The way of an act: a request with a token or a session, a command of the operator, a schedule that came due, a change
# of a picture that media announced.
Via = Literal["token", "session", "command", "schedule", "media"]

# The parts of an address that name a network, not a person's device.
_IPV4_NETWORK = 24
_IPV6_NETWORK = 48


@dataclass(frozen=True)
class Actor:
    """The holder of a token, or a person. `id` is the token's id or the person's."""

    id: str
    name: str
    role: Role
    via: Via
    session_id: str | None = None


def network_of(request: web.Request, *, trusts_edge: bool) -> str:
    """The client's network (`network_prefix`)."""
    return network_prefix(address_of(request, trusts_edge=trusts_edge))


def network_prefix(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 address; `unknown` for other text."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = _IPV4_NETWORK if found.version == 4 else _IPV6_NETWORK
    return str(ipaddress.ip_network(f"{found}/{length}", strict=False))
