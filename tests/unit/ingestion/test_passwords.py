"""Passwords: hashes, old parameters, and a library or a queue that cannot work."""

import asyncio

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import HashingError, VerificationError

from services.ingestion.people.passwords import Passwords
from shared.errors import Unavailable

PASSWORD = "correct horse battery"


async def test_right_password_is_told_from_a_wrong_one() -> None:
    passwords = Passwords(memory_kib=64)
    stored = await passwords.hash(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert (await passwords.check(PASSWORD, stored)).is_right
    assert not (await passwords.check(PASSWORD + "x", stored)).is_right
    assert not (await passwords.check(PASSWORD, None)).is_right


async def test_usual_hash_costs_46_mib() -> None:
    assert (await Passwords().hash(PASSWORD)).startswith("$argon2id$v=19$m=47104,t=1,p=1$")


async def test_same_letters_of_other_code_points_are_the_same_password() -> None:
    passwords = Passwords(memory_kib=64)

    assert (await passwords.check("cafe\u0301 au lait noir", await passwords.hash("caf\u00e9 au lait noir"))).is_right


async def test_hash_with_old_parameters_is_renewed_at_the_right_password_alone() -> None:
    passwords = Passwords(memory_kib=64)
    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)

    right, wrong = await passwords.check(PASSWORD, old), await passwords.check("something else", old)

    assert right.fresh_hash is not None
    assert "m=64,t=1,p=1" in right.fresh_hash
    assert (await passwords.check(PASSWORD, right.fresh_hash)).fresh_hash is None
    assert (wrong.is_right, wrong.fresh_hash) == (False, None)


@pytest.mark.parametrize(
    "error", [HashingError("Threading failure"), VerificationError("Threading failure"), MemoryError()]
)
async def test_failure_of_the_library_is_unavailable(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    passwords = Passwords(memory_kib=64)
    stored = await passwords.hash(PASSWORD)

    def fail(*_: object) -> bool:
        raise error

    monkeypatch.setattr(PasswordHasher, "verify", fail)
    with pytest.raises(Unavailable):
        await passwords.check(PASSWORD, stored)


async def test_full_queue_is_unavailable() -> None:
    passwords = Passwords(memory_kib=64, most_waiting=0)
    stored = await Passwords(memory_kib=64).hash(PASSWORD)

    with pytest.raises(Unavailable):
        await passwords.check(PASSWORD, stored)


async def test_many_checks_at_once_all_get_their_answer() -> None:
    passwords = Passwords(memory_kib=64)
    stored = await passwords.hash(PASSWORD)

    checks = await asyncio.gather(*(passwords.check(PASSWORD, stored) for _ in range(20)))

    assert all(check.is_right for check in checks)
