"""Admits sign-ins within their limits. A try is counted before it is made, so that tries at the same time cannot pass together."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ingestion.people import limits
from services.ingestion.people.limit_store import LimitStore
from services.ingestion.people.limits import Failures, Limit
from shared.errors import Problem
from shared.text import fold

# Tries at the same time change the count of a key in turn.
_TURNS = 20


@dataclass(frozen=True)
class Attempt:
    """A counted try. `own` is the key of account and network; `shared` are the others. `refusal`: the answer if it fails."""

    own: str
    shared: Sequence[str] = ()
    refusal: Problem | None = None


class SignInLimits:
    """Counts tries. `enabled` is false for load tests. Every method raises Unavailable."""

    def __init__(self, store: LimitStore, *, enabled: bool) -> None:
        self._store = store
        self._enabled = enabled

    async def begin(self, email: str, network: str, at: datetime, *, is_known: bool) -> Attempt:
        """Count a sign-in; 429 with Retry-After when it must wait. `is_known`: the person signed in from this network before."""
        own = _key("account", fold(email), network)
        if is_known:
            before = await self._count({own: limits.ACCOUNT_IN_KNOWN_NETWORK}, at)
            left = limits.wait(
                limits.counted(before[own], limits.ACCOUNT_IN_NETWORK, at), limits.ACCOUNT_IN_NETWORK, at
            )
            return Attempt(own, (), too_many(left) if left > _NO_TIME else None)
        shared = {_key("account", fold(email)): limits.ACCOUNT, _key("network", network): limits.NETWORK}
        await self._count({own: limits.ACCOUNT_IN_NETWORK, **shared}, at)
        return Attempt(own, tuple(shared))

    async def begin_proof(self, person_id: str, at: datetime) -> Attempt:
        """Count a code, or a password within a session; 429 with Retry-After when it must wait."""
        own = _key("proof", person_id)
        await self._count({own: limits.PROOF}, at)
        return Attempt(own)

    async def succeed(self, attempt: Attempt) -> None:
        """Take a try back that was right, and forget the failures of its account in its network."""
        if self._enabled:
            await self._store.forget(attempt.own)
            await self._store.lower(attempt.shared)

    async def take_back(self, attempt: Attempt) -> None:
        """Take a try back that could not be made."""
        if self._enabled:
            await self._store.lower((attempt.own, *attempt.shared))

    async def _count(self, wanted: Mapping[str, Limit], at: datetime) -> Mapping[str, Failures]:
        """Count one more failure of each key. Returns the failures before; 429 when one of the keys must wait."""
        if not self._enabled:
            return dict.fromkeys(wanted, limits.NONE)
        for key, limit in wanted.items():
            _refuse_early(await self._store.find(key), limit, at)
        return {key: await self._count_one(key, limit, at) for key, limit in wanted.items()}

    async def _count_one(self, key: str, limit: Limit, at: datetime) -> Failures:
        for _ in range(_TURNS):
            before = await self._store.find(key)
            _refuse_early(before, limit, at)
            if await self._store.replace(key, before, limits.counted(before, limit, at)):
                return before
        raise too_many(timedelta(seconds=1))


_NO_TIME = timedelta()


def _refuse_early(failures: Failures, limit: Limit, at: datetime) -> None:
    left = limits.wait(failures, limit, at)
    if left > _NO_TIME:
        raise too_many(left)


def too_many(left: timedelta) -> Problem:
    """429 until the time has passed."""
    seconds = max(1, -(-left // timedelta(seconds=1)))
    return Problem(429, "Too many failed attempts. Wait a little.", headers={"Retry-After": str(seconds)})


def _key(*parts: str) -> str:
    # The database shall not list the addresses that somebody tried.
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
