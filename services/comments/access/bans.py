"""Bans and mutes in memory. Every post looks up those of its author, network and browser."""

import asyncio
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from services.comments.model.ban_store import BanStore
from services.comments.model.moderation_records import Ban, BanTarget
from services.comments.model.records import author_of
from shared.times import now

# Every instance knows a ban, and its lifting, within two seconds: this age and the time of a read.
_FRESH_S = 1.0

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class BanSnapshot:
    """All bans of one version, indexed by author, browser and network."""

    version: int = -1
    bans: Sequence[Ban] = ()
    by_target: Mapping[tuple[BanTarget, str], Ban] = field(default_factory=dict)
    prefixes: Sequence[tuple[int, int]] = ()
    """The IP versions and prefix lengths that occur."""

    @classmethod
    def of(cls, version: int, bans: Sequence[Ban]) -> "BanSnapshot":
        """The snapshot of these bans."""
        networks = [ipaddress.ip_network(ban.value) for ban in bans if ban.target == "network"]
        prefixes = sorted({(network.version, network.prefixlen) for network in networks}, reverse=True)
        return cls(version, tuple(bans), {(ban.target, ban.value): ban for ban in bans}, prefixes)

    def matching(self, author: str, network: str, browser: str, at: datetime) -> list[Ban]:
        """The bans in force at a time. `network` is an address or a prefix; a ban must contain all of it."""
        wanted: list[tuple[BanTarget, str]] = [("email", author), ("visitor", browser)]
        wanted += [("network", above) for above in self._networks_above(network)]
        found = (self.by_target.get(target) for target in wanted)
        return [ban for ban in found if ban is not None and ban.is_active(at)]

    def _networks_above(self, text: str) -> list[str]:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return []
        # An IPv4 client of an IPv6 socket.
        mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
        if mapped is not None and network.prefixlen == 128:
            network = ipaddress.ip_network(mapped)
        return [
            str(network.supernet(new_prefix=length))
            for version, length in self.prefixes
            if version == network.version and length <= network.prefixlen
        ]


class Bans:
    """The bans in force, at most two seconds old. Methods raise Unavailable."""

    def __init__(self, store: BanStore, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._clock = clock
        self._read_at = float("-inf")
        self._snapshot = BanSnapshot()
        self._reading = asyncio.Lock()

    async def find(self, email: str, network: str, browser: str) -> list[Ban]:
        """The bans and mutes of an address, a network (an IP address, or a prefix of one) and a browser (`browser_of`)."""
        return await self.find_author(author_of(email), network, browser)

    async def find_author(self, author: str, network: str, browser: str) -> list[Ban]:
        """As `find`, by the author's name in the stores."""
        return (await self.snapshot()).matching(author, network, browser, now())

    async def snapshot(self) -> BanSnapshot:
        """All bans."""
        if self._clock() - self._read_at >= _FRESH_S:
            async with self._reading:
                if self._clock() - self._read_at >= _FRESH_S:
                    await self._read()
        return self._snapshot

    async def fresh(self) -> BanSnapshot:
        """All bans, as new as this call."""
        async with self._reading:
            await self._read()
        return self._snapshot

    def forget(self) -> None:
        """Read again at the next call, after a change by this instance."""
        self._read_at = float("-inf")

    async def _read(self) -> None:
        began = self._clock()
        # Read the version first: then the bans are as new as it, or newer.
        version = await self._store.version()
        if version != self._snapshot.version:
            self._snapshot = BanSnapshot.of(version, await self._store.all())
        self._read_at = began
