"""The signature of webhooks: the receiver can check who sent a request, and when."""

import hashlib
import hmac
from datetime import datetime

SIGNATURE_HEADER = "X-WM-Signature"


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The header's value: `t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY` with the secret."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"
