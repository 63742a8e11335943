"""Passwords: argon2id hashes, made and checked in a bounded executor of their own."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError

from shared.admission import Admission
from shared.errors import Unavailable

Result = TypeVar("Result")

# One of the equal choices of OWASP's Password Storage Cheat Sheet: 46 MiB, one pass, one lane. About 60 ms of one core.
_MEMORY_KIB = 47_104
_PASSES = 1
_LANES = 1
# A hash takes a core: more at once would slow the articles' routes.
_AT_ONCE = 2
_MOST_WAITING = 40
_WAIT_S = 5.0


@dataclass(frozen=True)
class Check:
    """The outcome of a check. `fresh_hash`: the hash to store instead, when the parameters have changed."""

    is_right: bool
    fresh_hash: str | None = None


class Passwords:
    """Makes and checks hashes. Every method raises Unavailable when too many checks wait, or the library cannot work."""

    def __init__(self, *, memory_kib: int = _MEMORY_KIB, most_waiting: int = _MOST_WAITING) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=memory_kib, parallelism=_LANES)
        self._executor = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._admission = Admission("password check", at_once=_AT_ONCE, wait_s=_WAIT_S, most_waiting=most_waiting)
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """The hash of a new password."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def check(self, password: str, stored: str | None) -> Check:
        """Check a password. Without a stored hash the same work is done on another one, so that the time says nothing."""
        if self._dummy is None:
            self._dummy = await self.hash(secrets.token_urlsafe(16))
        known, wanted = stored is not None, stored or self._dummy
        check = await self._run(lambda: self._check(password, wanted))
        return check if known else Check(is_right=False)

    def _check(self, password: str, stored: str) -> Check:
        try:
            self._hasher.verify(stored, _normal(password))
        except VerifyMismatchError:
            return Check(is_right=False)
        is_old = self._hasher.check_needs_rehash(stored)
        return Check(is_right=True, fresh_hash=self._hasher.hash(_normal(password)) if is_old else None)

    async def _run(self, work: Callable[[], Result]) -> Result:
        async with self._admission.turn():
            try:
                return await asyncio.get_running_loop().run_in_executor(self._executor, work)
            except (HashingError, VerificationError, MemoryError) as error:
                # "Threading failure", no memory: says nothing about the password (argon2-cffi issue 171).
                raise Unavailable(f"argon2: {error!r}") from error

    def close(self) -> None:
        """Let the threads end."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _normal(password: str) -> str:
    # Keyboards make the same letter of different code points (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
