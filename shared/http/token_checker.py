"""Editors' access in services other than ingestion, which owns tokens and the desk's sessions, and is asked for their owners."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from aiohttp import web
from pydantic import BaseModel

from shared.errors import Problem
from shared.http.bearer import hash_token, read_credential, session_cookie, unknown_token
from shared.http.instances import Answer, Instances
from shared.http.visitors import network_of

# The time for which a revoked token or an ended session still works: a deactivated person is out within ten seconds.
_CACHED_S = 5.0
_MOST_CACHED = 1000
_WAIT_S = 2.0


class TokenOwner(BaseModel):
    """The owner of a token or session. Names are not unique; `id` is. `via` is `token` or `session`."""

    id: str
    name: str
    role: str
    via: str = "token"


@dataclass(frozen=True)
class _CachedOwner:
    owner: TokenOwner
    until: float


class TokenChecker:
    """Asks ingestion's instances in turn for a token's owner, and caches the answer, also that there is none, for _CACHED_S.

    Ingestion limits the wrong tokens of a network, so it gets the client's network (`trusts_edge` as in `network_of`).
    """

    def __init__(self, ingestion_urls: Sequence[str], site_url: str, *, trusts_edge: bool) -> None:
        self._ingestion = Instances("ingestion", ingestion_urls, _WAIT_S)
        self._site_url = site_url
        self._trusts_edge = trusts_edge
        # Requests at the same time with one token ask once.
        self._asking: dict[str, asyncio.Task[TokenOwner]] = {}
        self._cache: dict[str, _CachedOwner] = {}
        # Of their own, so that invented tokens do not push out right ones. Oldest first.
        self._refused: OrderedDict[str, float] = OrderedDict()

    def has_credential(self, request: web.Request) -> bool:
        """Whether the request carries a token or a session cookie, valid or not."""
        return "Authorization" in request.headers or bool(request.cookies.get(session_cookie(self._site_url)))

    async def owner(self, request: web.Request) -> TokenOwner:
        """The owner of the request's token or session cookie.

        401 without a valid one, 403 for a write with a cookie from another origin, 429 after many wrong ones of a network,
        Unavailable when no instance answers.
        """
        token = read_credential(request, self._site_url).token
        key = hash_token(token)
        cached = self._cache.get(key)
        if cached is not None and monotonic() < cached.until:
            return cached.owner
        if monotonic() < self._refused.get(key, 0.0):
            raise unknown_token()
        asking = self._asking.get(key)
        if asking is None:
            network = network_of(request, trusts_edge=self._trusts_edge)
            asking = self._asking[key] = asyncio.create_task(self._ask(token, key, network))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        # A client that leaves must not end the question of the others.
        return await asyncio.shield(asking)

    async def _ask(self, token: str, key: str, network: str) -> TokenOwner:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": network.partition("/")[0]}
        owner = await self._ingestion.ask("GET", "/internal/token", _read_owner, headers=headers)
        if owner is None:
            self._cache.pop(key, None)
            self._refuse(key)
            raise unknown_token()
        self._remember(key, owner)
        return owner

    def _remember(self, key: str, owner: TokenOwner) -> None:
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[key] = _CachedOwner(owner, monotonic() + _CACHED_S)

    def _refuse(self, key: str) -> None:
        self._refused[key] = monotonic() + _CACHED_S
        self._refused.move_to_end(key)
        if len(self._refused) > _MOST_CACHED:
            self._refused.popitem(last=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._ingestion.close()


def _read_owner(answer: Answer) -> TokenOwner | None:
    if answer.status == 401:
        return None
    if answer.status == 429:
        detail = "Too many wrong tokens came from this network; wait a little."
        raise Problem(429, detail, headers={"Retry-After": "5"} | answer.retry_after)
    return TokenOwner.model_validate_json(answer.expect(200).body)
