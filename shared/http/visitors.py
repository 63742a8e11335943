"""The network of a request's sender. Services hash it with a key before they keep it."""

import ipaddress

from aiohttp import web

_IPV6_NETWORK = 64


def address_of(request: web.Request, *, trusts_edge: bool) -> str:
    """The sender's address. The edge writes the last entry of X-Forwarded-For; a client can invent the others."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and trusts_edge else request.remote or ""


def network_of(request: web.Request, *, trusts_edge: bool) -> str:
    """The visitor's network (`network`)."""
    return network(address_of(request, trusts_edge=trusts_edge))


def network(address: str) -> str:
    """The network of one visitor: an IPv4 address, or the /64 of an IPv6 address, which one household has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network(f"{found}/{_IPV6_NETWORK}", strict=False))
