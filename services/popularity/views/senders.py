"""Who sends a view: where the reader came from, the visitor's name of the day, and why the view does not count."""

from collections.abc import Callable
from time import time
from typing import NamedTuple

from aiohttp import web

from services.popularity.settings import PopularitySettings
from services.popularity.views.agents import Agents
from services.popularity.views.data_centres import read_data_centres
from services.popularity.views.day_keys import DayKeys
from services.popularity.views.referrers import Referrer, Referrers
from services.popularity.views.rules import carries_cookie, is_prefetch
from services.popularity.views.visitor_names import claim_of, client_of, visitor_name
from shared.events import DropReason
from shared.http.bearer import session_cookie
from shared.http.origins import origin_of
from shared.http.visitors import address_of


class Sender(NamedTuple):
    """The part of a view that its sender decides. `visitor` has 16 hex digits; empty without a key of the day.

    `claim` is empty for a view that cannot be a repeat.
    """

    referrer: Referrer
    visitor: str
    dropped: DropReason | None
    claim: bytes = b""

    def fragment(self) -> bytes:
        """These fields as they stand in a `PageViewed`."""
        dropped = f'"{self.dropped}"' if self.dropped else "null"
        kind, host = self.referrer
        return f'"referrer":"{kind}","referrer_host":"{host}","visitor":"{self.visitor}","dropped":{dropped}'.encode()


class Senders:
    """Judges the senders of views. `agents` and `keys` live as long as the api."""

    def __init__(
        self, settings: PopularitySettings, agents: Agents, keys: DayKeys, *, clock: Callable[[], float] = time
    ) -> None:
        self._filters = settings.view_filter == "on"
        self._repeats = settings.view_repeat_s > 0
        self._trusts_edge = settings.forwarded_for
        self._origin = origin_of(settings.site_url)
        self._cookie = session_cookie(settings.site_url)
        self._referrers = Referrers(settings.site_url)
        self._data_centres = read_data_centres(settings.data_centres)
        self._agents = agents
        self._keys = keys
        self._clock = clock

    async def examine(self, request: web.Request, referrer: str, article: str, event_id: bytes) -> Sender:
        """The sender of a view with an event id of 16 bytes. Waits only for an agent that was never seen."""
        address = address_of(request, trusts_edge=self._trusts_edge)
        client = client_of(address, request.headers.get("User-Agent", ""))
        dropped = await self._reason(request, address, client.agent)
        keys = self._keys.at(self._clock())
        visitor = b"" if keys.today is None else visitor_name(keys.today, client, self._origin)
        is_claimed = self._repeats and dropped is None
        claim = claim_of(keys, client, visitor, self._origin, article, event_id) if is_claimed else b""
        return Sender(self._referrers.classify(referrer), visitor.hex(), dropped, claim)

    async def _reason(self, request: web.Request, address: str, agent: str) -> DropReason | None:
        if self._filters:
            if is_prefetch(request.headers):
                return "prefetch"
            known = self._agents.known(agent)
            if known or (known is None and await self._agents.judge(agent)):
                return "bot"
            if address in self._data_centres:
                return "data-centre"
        return "staff" if carries_cookie(request.headers, self._cookie) else None
