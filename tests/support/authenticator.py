"""A passkey authenticator in software: a key pair, and the answers of a browser to WebAuthn options, with real signatures."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_USER_PRESENT, _USER_VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


def as_text(data: bytes) -> str:
    """Base64url without padding, as browsers send bytes."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def as_bytes(text: str) -> bytes:
    """The bytes of a base64url text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A device with one passkey. `counts`: whether signatures are counted; synchronised passkeys always say 0.

    `stated_key` replaces the public key of a registration.
    """

    origin: str
    counts: bool = False
    verifies_user: bool = True
    sign_count: int = 0
    stated_key: bytes | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(20))

    def create(self, options: Mapping[str, Any]) -> dict[str, object]:
        """The answer of `navigator.credentials.create`, without attestation."""
        client_data = self._client_data("webauthn.create", options["challenge"])
        key = self._public_key() if self.stated_key is None else self.stated_key
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        data = self._data(str(options["rp"]["id"]), _HAS_KEY) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(clientDataJSON=client_data, attestationObject=attestation)

    def get(self, options: Mapping[str, Any]) -> dict[str, object]:
        """The answer of `navigator.credentials.get`."""
        if self.counts:
            self.sign_count += 1
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(str(options["rpId"]))
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, site: str, flags: int = 0) -> bytes:
        flags |= _USER_PRESENT | (_USER_VERIFIED if self.verifies_user else 0)
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _public_key(self) -> bytes:
        """The public key as COSE (RFC 9053): EC2, ES256, P-256."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _credential(self, **response: bytes) -> dict[str, object]:
        return {
            "id": as_text(self.id),
            "rawId": as_text(self.id),
            "type": "public-key",
            "response": {name: as_text(data) for name, data in response.items()},
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
