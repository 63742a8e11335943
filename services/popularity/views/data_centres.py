"""Networks of data centres: people read from elsewhere. The list is the operator's (`WM_DATA_CENTRES`)."""

import ipaddress
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from shared.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class DataCentres:
    """Sorted, merged ranges of addresses. A look-up is one binary search."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._ranges: dict[int, tuple[list[int], list[int]]] = {}
        fours = ipaddress.collapse_addresses(net for net in networks if isinstance(net, ipaddress.IPv4Network))
        sixes = ipaddress.collapse_addresses(net for net in networks if isinstance(net, ipaddress.IPv6Network))
        for version, merged in ((4, list(fours)), (6, list(sixes))):
            starts = [int(net.network_address) for net in merged]
            self._ranges[version] = starts, [int(net.broadcast_address) for net in merged]
        self.is_empty = not networks

    def __contains__(self, address: str) -> bool:
        if self.is_empty:
            return False
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        found = mapped or found
        starts, ends = self._ranges[found.version]
        place = bisect_right(starts, int(found)) - 1
        return place >= 0 and int(found) <= ends[place]


def read_data_centres(path: Path | None) -> DataCentres:
    """The networks in a file, one CIDR a line, `#` begins a comment. Raises SettingsError that names the line."""
    if path is None:
        return DataCentres()
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"WM_DATA_CENTRES: {path} cannot be read: {error}") from error
    networks: list[Network] = []
    for number, line in enumerate(lines, 1):
        if text := line.partition("#")[0].strip():
            try:
                networks.append(ipaddress.ip_network(text, strict=False))
            except ValueError as error:
                raise SettingsError(f"WM_DATA_CENTRES: {path}, line {number}: {text!r} is no network") from error
    return DataCentres(networks)
