"""Codes of an authenticator app: which time step they belong to; recovery codes; networks of addresses."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from services.ingestion.people.actor import network_prefix
from services.ingestion.people.totp import (
    hash_recovery_code,
    make_recovery_codes,
    make_secret,
    matching_step,
    uri_of,
)

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
STEP = int(NOON.timestamp()) // 30
SECRET = make_secret()


def code_at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)


@pytest.mark.parametrize(("seconds", "step"), [(0, STEP), (-30, STEP - 1), (30, STEP + 1), (-60, None), (60, None)])
def test_code_belongs_to_the_present_step_or_its_neighbours(seconds: int, step: int | None) -> None:
    assert matching_step(SECRET, code_at(NOON + timedelta(seconds=seconds)), NOON, 0) == step


def test_code_of_a_used_or_earlier_step_is_refused() -> None:
    assert matching_step(SECRET, code_at(NOON), NOON, STEP) is None
    assert matching_step(SECRET, code_at(NOON - timedelta(seconds=30)), NOON, STEP) is None
    assert matching_step(SECRET, code_at(NOON + timedelta(seconds=30)), NOON, STEP) == STEP + 1


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_text_that_is_no_code_is_refused(code: str) -> None:
    assert matching_step(SECRET, code, NOON, 0) is None


def test_recovery_codes_are_distinct_and_readable_in_any_form() -> None:
    codes = make_recovery_codes()

    assert len(set(codes)) == 10
    assert all(len(code) == 19 and code.count("-") == 3 for code in codes)
    assert hash_recovery_code(codes[0]) == hash_recovery_code(codes[0].replace("-", " ").upper())
    assert hash_recovery_code(codes[0]) != hash_recovery_code(codes[1])


def test_uri_names_site_and_person() -> None:
    assert uri_of(SECRET, "rana@paper.example", "World Monitor").startswith(
        f"otpauth://totp/World%20Monitor:rana%40paper.example?secret={SECRET}&issuer=World%20Monitor"
    )


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::9", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("", "unknown"),
        ("nobody", "unknown"),
    ],
)
def test_address_is_cut_to_its_network(address: str, network: str) -> None:
    assert network_prefix(address) == network
