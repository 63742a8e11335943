"""Who moderates: bearer tokens are ingestion's, so ingestion is asked whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import aiohttp
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.comments.rules import MODERATORS
from shared.errors import Problem, Unavailable
from shared.http.bearer import hash_token, read_bearer_token, unknown_token

_log = structlog.get_logger(__name__)

# How long a revoked token may still moderate; long enough that a page of decisions asks once.
_KEPT_S = 10.0
_MOST_KEPT = 1000
_TIMEOUT_S = 2.0


class Person(BaseModel):
    """Whom a token belongs to, as ingestion says."""

    name: str
    role: str


@dataclass(frozen=True)
class _Known:
    person: Person
    until: float


class Tokens:
    """Asks ingestion's instances in turn whose a token is, and remembers a yes for _KEPT_S."""

    def __init__(self, ingestion_urls: Sequence[str]) -> None:
        self._urls = list(ingestion_urls)
        self._known: dict[str, _Known] = {}
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))

    async def person(self, request: web.Request) -> Person:
        """Whose token the request carries; 401 without a good one, Unavailable when no instance answers."""
        token = read_bearer_token(request)
        key = hash_token(token)
        known = self._known.get(key)
        if known is not None and monotonic() < known.until:
            return known.person
        return await self._ask(token, key)

    async def moderator(self, request: web.Request) -> Person:
        """As `person`; 403 when that role does not moderate."""
        person = await self.person(request)
        if person.role not in MODERATORS:
            raise Problem(403, f"A {person.role} does not moderate comments.")
        return person

    async def _ask(self, token: str, key: str) -> Person:
        for url in tuple(self._urls):
            try:
                person = await self._ask_one(url, token)
            except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
                _log.warning("ingestion.silent", url=url, reason=repr(error))
                self._urls.append(self._urls.pop(0))  # the next request asks another first
                continue
            if person is None:
                self._known.pop(key, None)
                raise unknown_token()
            self._remember(key, person)
            return person
        raise Unavailable("ingestion does not say whose a token is")

    async def _ask_one(self, url: str, token: str) -> Person | None:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._http.get(f"{url}/internal/token", headers=headers) as response:
            if response.status == 401:
                return None
            response.raise_for_status()
            return Person.model_validate_json(await response.read())

    def _remember(self, key: str, person: Person) -> None:
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[key] = _Known(person, monotonic() + _KEPT_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
