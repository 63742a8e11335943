"""Passkeys (WebAuthn, level 2): options for the browser, checks of its answers. No I/O.

The library takes a quarter of a second to import and checks signatures: call these functions in a thread. Its errors for hostile
input are many, so every failure of a check is one: the answer is refused.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

JsonObject = Mapping[str, object]

# A credential of a browser has some 2 KB.
_LONGEST_CREDENTIAL_BYTES = 32 * 1024
_TIMEOUT_MS = 120_000


@dataclass(frozen=True)
class RelyingParty:
    """The site, as a browser binds passkeys to it."""

    id: str
    name: str
    origin: str


@dataclass(frozen=True)
class NewKey:
    """A checked registration. `id` is base64url, as browsers send it; `public_key` is a COSE key."""

    id: str
    public_key: bytes
    sign_count: int


@dataclass(frozen=True)
class KnownKey:
    """What a sign-in is checked against."""

    id: str
    public_key: bytes
    sign_count: int


def relying_party(site_url: str, name: str) -> RelyingParty | None:
    """The relying party of a site; None where browsers allow no passkeys: an IP address, or http beyond localhost."""
    parts = urlsplit(site_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_local = host == "localhost" or host.endswith(".localhost")
        is_allowed = bool(host) and (parts.scheme == "https" or is_local)
        return RelyingParty(host, name, f"{parts.scheme}://{parts.netloc}".lower()) if is_allowed else None
    return None


def registration_options(
    party: RelyingParty, user_id: str, email: str, name: str, challenge: bytes, known: Sequence[str]
) -> JsonObject:
    """Options for `navigator.credentials.create`. `known`: the person's passkeys, which the device must not make again."""
    from webauthn import base64url_to_bytes, generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    made = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user_id.encode(),
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
    )
    found: JsonObject = options_to_json_dict(made)
    return found


def sign_in_options(party: RelyingParty, challenge: bytes, known: Sequence[str]) -> JsonObject:
    """Options for `navigator.credentials.get` with one of the person's passkeys."""
    from webauthn import base64url_to_bytes, generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    made = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    found: JsonObject = options_to_json_dict(made)
    return found


def check_registration(party: RelyingParty, credential: JsonObject, challenge: bytes) -> NewKey | None:
    """The new passkey; None when the answer is not one to this challenge, of this site, with a verified user."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    if _is_too_long(credential):
        return None
    try:
        found = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _refusals():
        return None
    return NewKey(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)


def check_sign_in(party: RelyingParty, credential: JsonObject, challenge: bytes, key: KnownKey) -> int | None:
    """The new count of signatures; None when the answer is refused.

    The count must grow, unless it is 0: passkeys that a service synchronises have none.
    """
    from webauthn import verify_authentication_response

    if credential.get("id") != key.id or _is_too_long(credential):
        return None
    try:
        found = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except _refusals():
        return None
    return found.new_sign_count


def _is_too_long(credential: JsonObject) -> bool:
    return len(orjson.dumps(dict(credential))) > _LONGEST_CREDENTIAL_BYTES


def _refusals() -> tuple[type[Exception], ...]:
    """The errors of the library and of its parsers for an answer that cannot be right."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from webauthn.helpers.exceptions import WebAuthnException

    return (
        WebAuthnException, InvalidSignature, UnsupportedAlgorithm,
        ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    )  # fmt: skip
