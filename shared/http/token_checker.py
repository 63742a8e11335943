"""Editors' access in services other than ingestion, which owns tokens and the desk's sessions, and is asked for their owners."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import aiohttp
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from shared.errors import Problem, Unavailable
from shared.http.bearer import hash_token, read_credential, session_cookie, unknown_token
from shared.http.visitors import network_of

_log = structlog.get_logger(__name__)

# The time for which a revoked token or an ended session still works: a deactivated person is out within ten seconds.
_CACHED_S = 5.0
_MOST_CACHED = 1000
_TIMEOUT_S = 2.0


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
        self._urls = list(ingestion_urls)
        self._site_url = site_url
        self._trusts_edge = trusts_edge
        # Requests at the same time with one token ask once.
        self._asking: dict[str, asyncio.Task[TokenOwner]] = {}
        self._cache: dict[str, _CachedOwner] = {}
        # Of their own, so that invented tokens do not push out right ones. Oldest first.
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))

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
        for url in tuple(self._urls):
            try:
                owner = await self._ask_one(url, token, network)
            except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
                _log.warning("ingestion.unreachable", url=url, reason=repr(error))
                # The next request starts with another instance; another request may have seen to it meanwhile.
                if self._urls[0] == url:
                    self._urls.append(self._urls.pop(0))
                continue
            if owner is None:
                self._cache.pop(key, None)
                self._refuse(key)
                raise unknown_token()
            self._remember(key, owner)
            return owner
        raise Unavailable("no instance of ingestion can check the token")

    async def _ask_one(self, url: str, token: str, network: str) -> TokenOwner | None:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": network.partition("/")[0]}
        async with self._http.get(f"{url}/internal/token", headers=headers) as response:
            if response.status == 401:
                return None
            if response.status == 429:
                wait = {"Retry-After": response.headers.get("Retry-After", "5")}
                raise Problem(429, "Too many wrong tokens came from this network; wait a little.", headers=wait)
            response.raise_for_status()
            return TokenOwner.model_validate_json(await response.read())

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
        await self._http.close()
