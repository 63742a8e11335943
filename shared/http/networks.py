"""Which network addresses a service may connect to when someone else chose the address."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Global by their number, and yet not for us. `is_global` of Python 3.11 lets all of these pass.
_REFUSED: Sequence[Network] = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's metadata and health probes
        "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata
        "192.88.99.0/24",  # relays of 6to4
        "::/96",  # IPv4-compatible addresses
        "64:ff9b::/96",  # NAT64: an IPv4 address inside, perhaps a private one
        "64:ff9b:1::/48",  # NAT64 of a network of its own
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local
    )
)


def read_networks(text: str) -> Sequence[Network]:
    """The networks in a setting, separated by commas, such as `127.0.0.0/8, ::1`. ValueError when one is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_connect(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether it is a public address of one host, or in `allowed`. Any other text is False.

    An IPv4 address inside an IPv6 address (`::ffff:127.0.0.1`) counts as the IPv4 address. Scope ids are ignored.
    """
    try:
        found: Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if _is_within(found, allowed):
        return True
    return found.is_global and not found.is_multicast and not _is_within(found, _REFUSED)


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
