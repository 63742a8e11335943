"""A client of another service's API: asks one instance, and one other if the first refuses."""

import random
from collections.abc import Mapping, Sequence

import aiohttp
import orjson

from shared.errors import Unavailable

# More than the costly requests that some instances let wait (17 each): these must not take the connections of all others.
_MOST_CONNECTIONS = 256
# Instances asked for one page. More would multiply the load just when all of them refuse.
_MOST_ASKED = 2

Answer = Mapping[str, object]


class ServiceClient:
    """Asks a random instance of a service, and one other when it refuses or does not answer.

    An instance that takes no connection was not asked. `name` is for messages.
    """

    def __init__(self, name: str, urls: Sequence[str], timeout_s: float) -> None:
        self._name = name
        self._urls = urls
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._http: aiohttp.ClientSession | None = None

    async def get(self, path: str, params: Mapping[str, str]) -> Answer | None:
        """The answer, None if the service refuses the question. Raises Unavailable when no instance answers in time."""
        reason: Exception | str = "there is no instance"
        asked = 0
        for url in random.sample(self._urls, len(self._urls)):
            try:
                async with self._session().get(url + path, params=params) as answer:
                    if answer.status == 200:
                        found: Answer = orjson.loads(await answer.read())
                        return found
                    if answer.status < 500:
                        return None
                    reason = f"it answered {answer.status}"
            except aiohttp.ClientConnectorError as error:
                reason = error
                continue
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = error
            asked += 1
            if asked == _MOST_ASKED:
                break
        raise Unavailable(f"{self._name}: {reason!r}")

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(limit=_MOST_CONNECTIONS)
            self._http = aiohttp.ClientSession(timeout=self._timeout, connector=connector)
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
