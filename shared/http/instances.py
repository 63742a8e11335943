"""The client of another service: asks its instances in turn until one gives a usable answer."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import aiohttp
import orjson
import structlog

from shared.errors import Unavailable
from shared.http.requests import JSON_TYPE
from shared.process.tracing import current_traceparent

_log = structlog.get_logger(__name__)

# An instance on a dead machine refuses nothing: the next one is asked after this time.
_CONNECT_S = 2.0
# All instances together take at most so many waits: a silent one leaves the next a whole wait, many silent ones hold nobody up.
_MOST_WAITS = 2
# More than the costly requests that some instances let wait (17 each): these must not take the connections of all others.
_MOST_CONNECTIONS = 256
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

Found = TypeVar("Found")
Sending = AbstractAsyncContextManager[aiohttp.ClientResponse]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of an instance, of any status."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Mapping[str, object]:
        """The body as a JSON object; empty when it is another value or nothing. Raises ValueError for other text."""
        found = orjson.loads(self.body) if self.body else {}
        return found if isinstance(found, dict) else {}

    @property
    def retry_after(self) -> dict[str, str]:
        """The answer's Retry-After as headers of an own answer; empty without one."""
        return {"Retry-After": self.headers["Retry-After"]} if "Retry-After" in self.headers else {}

    def expect(self, *statuses: int) -> "Answer":
        """This answer. Raises ValueError for other statuses, so that the next instance is asked."""
        if self.status not in statuses:
            raise ValueError(f"it answered {self.status}")
        return self


class Instances:
    """The instances of the service `name`. Each is waited for `wait_s` at most, all together for twice as long.

    A request starts with the instance that answered last; if `spread`, each request starts with another one.
    """

    def __init__(self, name: str, urls: Sequence[str], wait_s: float, *, spread: bool = False) -> None:
        self._name = name
        # Processes of one service must not all start with the same instance.
        self._urls = deque(random.sample(urls, len(urls)) if spread else urls)
        self._wait_s = wait_s
        self._spread = spread
        self._failing: set[str] = set()
        self._http: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], Found],
        *,
        json: object = None,
        body: AsyncIterator[bytes] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        wait_s: float | None = None,
        most_asked: int | None = None,
    ) -> Found:
        """What `read` makes of the first usable answer. Raises Unavailable when there is none in time.

        `read` raises ValueError when the next instance is to be asked; its other errors pass. The request carries `json`, or
        `body` as it arrives. At most `most_asked` instances get it: 1 for a request that must not be carried out twice. An
        instance that takes no connection did not get it. `wait_s`: another wait than the client's.
        """
        sent = {"traceparent": current_traceparent(), **(headers or {})}
        if json is not None:
            sent["Content-Type"] = JSON_TYPE
        data = body if json is None else orjson.dumps(json)

        def send(url: str) -> Sending:
            return self._session().request(method, url + path, data=data, params=params, headers=sent)

        return await self._ask_in_turn(send, read, self._wait_s if wait_s is None else wait_s, most_asked)

    async def _ask_in_turn(
        self, send: Callable[[str], Sending], read: Callable[[Answer], Found], wait_s: float, most_asked: int | None
    ) -> Found:
        ends_at, asked, reason = monotonic() + _MOST_WAITS * wait_s, 0, "no instance to ask"
        for url in self._in_turn():
            left_s = min(wait_s, ends_at - monotonic())
            if left_s <= 0 or asked == most_asked:
                break
            try:
                # Not aiohttp's total: it swallows a cancellation that comes together with its end.
                async with asyncio.timeout(left_s), send(url) as response:
                    answer = Answer(response.status, await response.read(), response.headers)
                found = read(answer)
            except asyncio.CancelledError:
                # The caller's patience may be shorter than ours: its next request must not meet a hanging instance again.
                self._put_last(url)
                raise
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                reason = _reason(error)
                asked += not isinstance(error, _NOT_CONNECTED)
                self._note_failure(url, reason)
            else:
                self._note_answer(url)
                return found
        raise Unavailable(f"{self._name}: {reason}")

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    def _in_turn(self) -> Sequence[str]:
        turn = tuple(self._urls)
        if self._spread:
            self._urls.rotate(-1)
        return turn

    def _put_last(self, url: str) -> None:
        # Another request may have done so meanwhile.
        if self._urls[0] == url:
            self._urls.rotate(-1)

    def _note_failure(self, url: str, reason: str) -> None:
        self._put_last(url)
        if url not in self._failing:
            self._failing.add(url)
            _log.warning("instance.fails", service=self._name, url=url, reason=reason)

    def _note_answer(self, url: str) -> None:
        if url in self._failing:
            self._failing.remove(url)
            _log.info("instance.answers", service=self._name, url=url)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            # No cookies: requests of several people share the connections.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT_S, self._wait_s / 2)),
            )
        return self._http


def _reason(error: Exception) -> str:
    # Texts of aiohttp's other errors show addresses with their queries, or headers; pydantic's further lines show values.
    if isinstance(error, aiohttp.ClientError) and not isinstance(error, aiohttp.ClientOSError):
        return type(error).__name__
    return str(error).partition("\n")[0] or type(error).__name__
