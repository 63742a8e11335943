"""Limits of sign-in as pure rules: free failures, growing delays, forgiveness."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingestion.people.limits import (
    ACCOUNT,
    ACCOUNT_IN_KNOWN_NETWORK,
    ACCOUNT_IN_NETWORK,
    NETWORK,
    NONE,
    PROOF,
    Failures,
    Limit,
    counted,
    wait,
)
from services.ingestion.people.sign_in import browser_name

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LIMIT = Limit(free=5, longest=timedelta(minutes=15), forgiven_every=timedelta(minutes=10))


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (10_000, 900)]
)
def test_delay_doubles_with_each_failure_up_to_the_longest(failures: int, seconds: int) -> None:
    assert wait(Failures(failures, NOON), LIMIT, NOON) == timedelta(seconds=seconds)


def test_delay_runs_from_the_last_failure() -> None:
    failures = Failures(8, NOON)

    assert wait(failures, LIMIT, NOON + timedelta(seconds=7)) == timedelta(seconds=1)
    assert wait(failures, LIMIT, NOON + timedelta(seconds=8)) == timedelta()


def test_failures_are_forgiven_one_by_one() -> None:
    after = counted(Failures(8, NOON), LIMIT, NOON + timedelta(minutes=31))

    assert after == Failures(6, NOON + timedelta(minutes=31))
    assert counted(NONE, LIMIT, NOON) == Failures(1, NOON)


def test_clock_that_steps_back_forgives_nothing_and_does_not_fail() -> None:
    assert counted(Failures(8, NOON), LIMIT, NOON - timedelta(hours=1)).number == 9


@pytest.mark.parametrize("limit", [ACCOUNT, ACCOUNT_IN_NETWORK, ACCOUNT_IN_KNOWN_NETWORK, NETWORK, PROOF])
def test_every_delay_ends(limit: Limit) -> None:
    failures = NONE
    for _ in range(200):
        at = max(NOON, failures.at)
        failures = counted(failures, limit, at + wait(failures, limit, at))

    assert wait(failures, limit, failures.at) <= limit.longest <= timedelta(minutes=15)


@pytest.mark.parametrize(
    ("header", "name"), [("Firefox/150", "Firefox/150"), ("a\udcff", "a?"), ("x" * 900, "x" * 200)]
)
def test_user_agent_is_stored_as_short_unicode(header: str, name: str) -> None:
    assert browser_name(header) == name
