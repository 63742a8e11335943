"""The limits of sign-in: pure decisions.

Failures are counted by account and network, by account, and by network. After some free failures each further one doubles a
delay, up to a longest one. A try within the delay is refused and not counted, so that a delay always ends. Failures are
forgiven one by one. Nobody is locked out for ever:

- A network from which the person signed in before has a count of its own, which nobody elsewhere can raise. There a right
  password gets through although wrong ones are answered 429; after very many wrong ones, once a minute.
- Elsewhere one attacker's network does not delay the others. Very many networks together delay an account, by five minutes at
  most.
- An admin's invitation is always a way in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Limit:
    """`free` failures without delay, then 1, 2, 4 … seconds, `longest` at most. One failure is forgiven in `forgiven_every`."""

    free: int
    longest: timedelta
    forgiven_every: timedelta


@dataclass(frozen=True)
class Failures:
    """The failures of one key: their number at the time `at` of the last one."""

    number: int
    at: datetime

    def left(self, limit: Limit, at: datetime) -> int:
        """The failures that are not forgiven yet."""
        return max(0, self.number - max(timedelta(), at - self.at) // limit.forgiven_every)


NONE = Failures(0, datetime.min.replace(tzinfo=UTC))
_SHORT, _LONG = timedelta(minutes=1), timedelta(minutes=15)

ACCOUNT_IN_NETWORK = Limit(free=5, longest=_LONG, forgiven_every=_LONG)
# A network that the person knows: wrong passwords are answered 429 as above, but checked until this limit.
ACCOUNT_IN_KNOWN_NETWORK = Limit(free=60, longest=_SHORT, forgiven_every=_LONG)
ACCOUNT = Limit(free=50, longest=timedelta(minutes=5), forgiven_every=_SHORT)
NETWORK = Limit(free=30, longest=_LONG, forgiven_every=_SHORT)
# Codes of a second factor, and passwords in a session, by person.
PROOF = Limit(free=5, longest=_LONG, forgiven_every=_LONG)
# Unknown tokens and ended sessions, by network: sixty, then one a second.
CREDENTIALS = Limit(free=60, longest=_SHORT, forgiven_every=timedelta(seconds=1))


def wait(failures: Failures, limit: Limit, at: datetime) -> timedelta:
    """How long the next try must wait; zero when it may be made now."""
    left = failures.left(limit, at)
    if left < limit.free:
        return timedelta()
    # A power beyond the longest delay would overflow.
    doublings = min(left - limit.free, 20)
    delay = min(timedelta(seconds=2**doublings), limit.longest)
    return max(timedelta(), failures.at + delay - at)


def counted(failures: Failures, limit: Limit, at: datetime) -> Failures:
    """The failures with one more."""
    return Failures(failures.left(limit, at) + 1, at)
