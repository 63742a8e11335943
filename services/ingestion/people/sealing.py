"""Hides a secret that an answer shows once, while the answer is kept for its Idempotency-Key.

The database has a hash of the key. The key itself, which only the client has, opens the secret. A client that sends a short or
well-known key gives up this protection.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import orjson
from aiohttp import web

from services.ingestion.people.actor import Actor
from shared.http.idempotency import Answer
from shared.http.requests import read_idempotency_key

_FIELD = "sealed"


def sealing_key(request: web.Request, actor: Actor) -> str | None:
    """The key of a request's secret, None without an Idempotency-Key; 422 when that is malformed."""
    key = read_idempotency_key(request)
    return None if key is None else f"{actor.id}\0{key}"


def seal(answer: Answer, field: str, key: str | None) -> Answer:
    """The answer with its text `field` (of a JSON object) hidden. Without a key it is not kept, and stays as it is."""
    if key is None:
        return answer
    body = orjson.loads(answer.body)
    hidden = urlsafe_b64encode(_mask(str(body.pop(field)).encode(), key)).decode()
    return replace(answer, body=orjson.dumps({**body, _FIELD: [field, hidden]}))


def unseal(answer: Answer, key: str | None) -> Answer:
    """The answer as it was before `seal`; another answer stays as it is."""
    body = orjson.loads(answer.body) if key is not None and answer.body else {}
    if _FIELD not in body or key is None:
        return answer
    field, hidden = body.pop(_FIELD)
    shown = _mask(urlsafe_b64decode(hidden), key).decode()
    return replace(answer, body=orjson.dumps({**body, field: shown}))


def _mask(text: bytes, key: str) -> bytes:
    # A key belongs to one request, so the same stream never hides two texts.
    stream = hashlib.shake_256(b"world-monitor answer\0" + key.encode()).digest(len(text))
    return bytes(left ^ right for left, right in zip(text, stream, strict=True))
