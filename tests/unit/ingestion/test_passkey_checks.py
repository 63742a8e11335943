"""Passkeys: real signatures of an authenticator in software are checked; anything else is refused."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import cbor2
import pytest

from services.ingestion.people.passkey_checks import (
    KnownKey,
    check_registration,
    check_sign_in,
    registration_options,
    relying_party,
    sign_in_options,
)
from tests.support.authenticator import Authenticator, as_bytes, as_text

SITE = "https://news.example"
FOUND = relying_party(SITE, "News")
assert FOUND is not None
PARTY = FOUND


def registered(device: Authenticator) -> KnownKey:
    """The key of a device, after its registration."""
    challenge = secrets.token_bytes(32)
    options = registration_options(PARTY, "0" * 26, "ann@news.example", "Ann", challenge, ())
    made = check_registration(PARTY, device.create(options), challenge)
    assert made is not None
    return KnownKey(made.id, made.public_key, made.sign_count)


def signed(device: Authenticator, key: KnownKey) -> tuple[dict[str, Any], bytes]:
    """A sign-in's answer and its challenge."""
    challenge = secrets.token_bytes(32)
    return device.get(sign_in_options(PARTY, challenge, [key.id])), challenge


def test_signature_with_the_registered_key_is_right() -> None:
    device = Authenticator(SITE)
    key = registered(device)
    credential, challenge = signed(device, key)

    assert check_sign_in(PARTY, credential, challenge, key) == 0


def test_options_demand_a_verified_user() -> None:
    created = registration_options(PARTY, "0" * 26, "a@news.example", "A", b"c" * 32, [as_text(b"known")])
    asked = sign_in_options(PARTY, b"c" * 32, [as_text(b"known")])

    chosen, excluded, allowed = (
        created["authenticatorSelection"],
        created["excludeCredentials"],
        asked["allowCredentials"],
    )
    assert isinstance(chosen, dict)
    assert isinstance(excluded, list)
    assert isinstance(allowed, list)
    assert chosen["userVerification"] == asked["userVerification"] == "required"
    assert excluded[0]["id"] == allowed[0]["id"] == as_text(b"known")
    assert asked["rpId"] == "news.example"


def test_count_must_grow_unless_it_is_zero() -> None:
    device = Authenticator(SITE, counts=True)
    key = registered(device)
    credential, challenge = signed(device, key)

    assert check_sign_in(PARTY, credential, challenge, key) == 1
    assert check_sign_in(PARTY, credential, challenge, replace(key, sign_count=1)) is None


def _other_signature(credential: dict[str, Any]) -> None:
    signature = bytearray(as_bytes(credential["response"]["signature"]))
    signature[-1] ^= 1
    credential["response"]["signature"] = as_text(bytes(signature))


@pytest.mark.parametrize(
    "damage",
    [
        _other_signature,
        lambda credential: credential.update(id="other"),
        lambda credential: credential.update(rawId=as_text(b"other")),
        lambda credential: credential.update(type="password"),
        lambda credential: credential.update(response=None),
        lambda credential: credential.update(extra="x" * 40_000),
        lambda credential: credential["response"].pop("signature"),
        lambda credential: credential["response"].update(signature="%%%"),
        lambda credential: credential["response"].update(clientDataJSON="bm8"),
        lambda credential: credential["response"].update(
            clientDataJSON=as_text(b'{"type":1,"challenge":2,"origin":[]}')
        ),
        lambda credential: credential["response"].update(authenticatorData=as_text(b"\xff" * 60)),
        lambda credential: credential["response"].update(userHandle=3),
    ],
)
def test_damaged_answer_is_refused(damage: Callable[[dict[str, Any]], None]) -> None:
    device = Authenticator(SITE)
    key = registered(device)
    credential, challenge = signed(device, key)
    damage(credential)

    assert check_sign_in(PARTY, credential, challenge, key) is None


@pytest.mark.parametrize(
    "device",
    [
        Authenticator("https://news.example.evil.example"),
        Authenticator("http://news.example"),
        Authenticator("https://sub.news.example"),
        Authenticator(SITE, verifies_user=False),
    ],
)
def test_answer_for_another_origin_or_without_a_verified_user_is_refused(device: Authenticator) -> None:
    challenge = secrets.token_bytes(32)
    options = registration_options(PARTY, "0" * 26, "a@news.example", "A", challenge, ())
    right = Authenticator(SITE, key=device.key, id=device.id)
    key = registered(right)
    credential, asked = signed(device, key)

    assert check_registration(PARTY, device.create(options), challenge) is None
    assert check_sign_in(PARTY, credential, asked, key) is None


def test_answer_to_another_challenge_or_by_another_key_is_refused() -> None:
    device, other = Authenticator(SITE), Authenticator(SITE)
    key = registered(device)
    credential, challenge = signed(device, key)
    forged, asked = signed(Authenticator(SITE, key=other.key, id=device.id), key)

    assert check_sign_in(PARTY, credential, secrets.token_bytes(32), key) is None
    assert check_sign_in(PARTY, forged, asked, key) is None
    assert check_registration(PARTY, credential, challenge) is None


@pytest.mark.parametrize(
    "attestation",
    [b"", b"\xff" * 9, b"\xa0", b"\xa1\x63fmt\x64none", b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x41\x00"],
)
def test_damaged_registration_is_refused(attestation: bytes) -> None:
    challenge = secrets.token_bytes(32)
    options: Mapping[str, Any] = registration_options(PARTY, "0" * 26, "a@news.example", "A", challenge, ())
    credential: dict[str, Any] = Authenticator(SITE).create(options)
    credential["response"]["attestationObject"] = as_text(attestation)

    assert check_registration(PARTY, credential, challenge) is None


@pytest.mark.parametrize(
    "key", [{}, {1: 2}, {1: 2, 3: -7, -1: 1, -2: b"x", -3: b"y"}, {1: 9, 3: -7}, [1], 7, {1: 3, 3: -257}]
)
def test_registration_with_a_malformed_key_never_signs_in(key: object) -> None:
    challenge = secrets.token_bytes(32)
    options: Mapping[str, Any] = registration_options(PARTY, "0" * 26, "a@news.example", "A", challenge, ())
    device = Authenticator(SITE, stated_key=cbor2.dumps(key))

    made = check_registration(PARTY, device.create(options), challenge)

    if made is not None:  # a point that is not on the curve is found at its first use
        known = KnownKey(made.id, made.public_key, made.sign_count)
        credential, asked = signed(device, known)
        assert check_sign_in(PARTY, credential, asked, known) is None


@pytest.mark.parametrize(
    ("address", "id_"),
    [
        ("https://News.example", "news.example"),
        ("https://news.example:8443", "news.example"),
        ("http://localhost:8080", "localhost"),
        ("http://desk.localhost", "desk.localhost"),
        ("http://news.example", None),
        ("http://127.0.0.1:8080", None),
        ("https://[::1]:8443", None),
    ],
)
def test_browsers_bind_passkeys_to_domain_names_alone(address: str, id_: str | None) -> None:
    found = relying_party(address, "News")

    assert (None if found is None else found.id) == id_
