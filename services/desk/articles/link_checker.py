"""Asks addresses in an article whether they still exist. Bounded in number and time; answers are kept for some minutes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

import structlog

from services.desk.api import ServiceClient
from shared.errors import Problem, Unavailable
from shared.http.guarded import FetchFailed, FetchRefused, GuardedClient

_log = structlog.get_logger(__name__)

MOST_LINKS = 60
# A page that a person waits for.
TOTAL_S = 6.0
_KEPT_S = 600
_MOST_KEPT = 2000
_GONE = frozenset({404, 410})


@dataclass(frozen=True)
class LinkReport:
    """Addresses that answered 404 or 410, and the number of those that gave no answer in time or were too many."""

    missing: Sequence[str]
    unchecked: int


class LinkChecker:
    """Checks addresses of other sites by the guarded client, and paths of this site by its gateways."""

    def __init__(self, http: GuardedClient, gateways: ServiceClient, site_url: str) -> None:
        self._http = http
        self._gateways = gateways
        self._site_url = site_url
        # Whether an address is missing, and until when that counts. The oldest first.
        self._known: dict[str, tuple[bool, float]] = {}

    async def close(self) -> None:
        """Close the guarded client."""
        await self._http.close()

    async def check(self, links: Sequence[str]) -> LinkReport:
        """Check web addresses and paths of the site, each once; other links are left alone."""
        self._forget(monotonic())
        addresses = [link for link in dict.fromkeys(links) if link.startswith(("http://", "https://", "/"))]
        chosen = addresses[:MOST_LINKS]
        tasks = [asyncio.create_task(self._ask(address)) for address in chosen if address not in self._known]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=TOTAL_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        known = {address: self._known[address][0] for address in chosen if address in self._known}
        return LinkReport([address for address in known if known[address]], len(addresses) - len(known))

    def _forget(self, at: float) -> None:
        old = [address for address, (_, until) in self._known.items() if until < at]
        for address in old or list(self._known)[: max(0, len(self._known) - _MOST_KEPT)]:
            del self._known[address]

    async def _ask(self, address: str) -> None:
        """Note whether the address exists. One that cannot be asked stays unknown."""
        try:
            status = await self._status(address)
        except (FetchFailed, FetchRefused, Unavailable, TimeoutError) as error:
            _log.info("link.unchecked", host=urlsplit(address).hostname, reason=str(error))
            return
        self._known[address] = status in _GONE, monotonic() + _KEPT_S

    async def _status(self, address: str) -> int:
        path = self._path_here(address)
        if path is None:
            return (await self._http.fetch(address, most_bytes=0)).status
        try:
            return (await self._gateways.call("GET", path)).status
        except Problem as problem:
            return problem.status

    def _path_here(self, address: str) -> str | None:
        """The path of an address on this site; None for another site."""
        rest = address.removeprefix(self._site_url)
        is_here = rest == "" or (rest.startswith("/") and not rest.startswith("//"))
        return (rest.partition("#")[0] or "/") if is_here else None
