"""Bounds wrong tokens by network. Anyone can send an `Authorization` header, and each costs a read of the database."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from services.ingestion.people import limits
from services.ingestion.people.limits import NONE, Failures
from services.ingestion.people.sign_in_limits import too_many
from shared.http.bearer import hash_token

Found = TypeVar("Found")
Value = TypeVar("Value")
_MOST_NETWORKS = 10_000
_MOST_KNOWN = 1_000
# A tab whose session has ended asks again and again. That is one wrong credential, not many guesses.
_MOST_WRONG = 100
_WRONG_FOR = timedelta(seconds=5)


class CredentialGuesses:
    """Counts the different wrong tokens and sessions of each network, in this process.

    A credential that was right here before is never refused, whatever others of its network try. `enabled` is false for
    load tests.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._failures: OrderedDict[str, Failures] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._wrong: OrderedDict[str, datetime] = OrderedDict()

    async def find(
        self, token: str, network: str, at: datetime, look_up: Callable[[], Awaitable[Found | None]]
    ) -> Found | None:
        """The result of `look_up`, None for a wrong token; 429 with Retry-After when the network must wait.

        A wrong token is not looked up again for five seconds.
        """
        key = hash_token(token)
        if not self._enabled or key in self._known:
            return self._noted(key, await look_up(), at)
        if key in self._wrong:
            is_fresh = at - self._wrong[key] < _WRONG_FOR
            return None if is_fresh else self._noted(key, await look_up(), at)
        # Counted before the look-up, so that tries at the same time cannot pass together.
        self._count(network, at)
        try:
            found = self._noted(key, await look_up(), at)
        except BaseException:
            self._take_back(network)
            raise
        if found is not None:
            self._take_back(network)
        return found

    def _count(self, network: str, at: datetime) -> None:
        before = self._failures.get(network, NONE)
        left = limits.wait(before, limits.CREDENTIALS, at)
        if left > timedelta():
            raise too_many(left)
        _put(self._failures, network, limits.counted(before, limits.CREDENTIALS, at), _MOST_NETWORKS)

    def _take_back(self, network: str) -> None:
        counted = self._failures.get(network, NONE)
        self._failures[network] = Failures(max(0, counted.number - 1), counted.at)

    def _noted(self, key: str, found: Found | None, at: datetime) -> Found | None:
        if found is None:
            self._known.pop(key, None)
            _put(self._wrong, key, at, _MOST_WRONG)
        else:
            self._wrong.pop(key, None)
            _put(self._known, key, None, _MOST_KNOWN)
        return found


def _put(kept: OrderedDict[str, Value], key: str, value: Value, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
