"""`Idempotency-Key`: the same key and body give the first answer again, another body is refused.

The answer is kept in the transaction of the change it answers, so there is never one without the other.
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import orjson
from aiohttp import web

from shared.errors import Problem
from shared.http.problems import field_problem, json_response
from shared.mongo.collections import Collection, Database, Document, DuplicateKeyError, Session, available
from shared.times import now

KEPT_FOR = timedelta(hours=48)
LONGEST_KEY = 200


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: bytes
    headers: dict[str, str]

    def response(self) -> web.Response:
        """The answer once more."""
        if not self.body:
            return web.Response(status=self.status, headers=self.headers)
        return json_response(self.body, status=self.status, headers=self.headers)


@dataclass(frozen=True)
class Claim:
    """One request's key, bound to who sent it and to what."""

    id: str
    fingerprint: str


def claim(request: web.Request, principal: str, body: bytes) -> Claim | None:
    """The request's key, or None without one; 422 when the key itself is malformed."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise field_problem("Idempotency-Key", f"The key is 1 to {LONGEST_KEY} printable ASCII characters.")
    digest = hashlib.sha256(orjson.dumps([principal, key])).hexdigest()
    sent = hashlib.sha256(b"\0".join((request.method.encode(), request.path.encode(), body))).hexdigest()
    return Claim(digest, sent)


class Answers:
    """The answers of one service, by claim."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["answers"]

    async def find(self, wanted: Claim | None) -> Answer | None:
        """The first answer to this claim, None if it is new; 422 when the key was used for another request."""
        if wanted is None:
            return None
        async with available("idempotency key"):
            found = await self.collection.find_one({"_id": wanted.id})
        return None if found is None else _answer(found, wanted)

    async def keep(self, session: Session, made: Claim | None, answer: Answer) -> None:
        """Keep the answer, inside the transaction of the change. Raises DuplicateKeyError when another came first."""
        if made is None:
            return
        await self.collection.insert_one(
            {
                "_id": made.id,
                "fingerprint": made.fingerprint,
                "status": answer.status,
                "body": answer.body,
                "headers": answer.headers,
                "at": now(),
            },
            session=session,
        )

    async def once(self, made: Claim | None, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The first answer to this claim: the kept one, or what `work` answers, which must `keep` it.

        A duplicate that runs beside the first makes `work` fail, one way or the other (its answer is there, or the thing
        has another version by now): then too the kept answer is given.
        """
        kept = await self.find(made)
        if kept is not None:
            return kept
        try:
            return await work()
        except (Problem, DuplicateKeyError):
            kept = await self.find(made)
            if kept is None:
                raise
            return kept


def _answer(found: Document, wanted: Claim) -> Answer:
    if found["fingerprint"] != wanted.fingerprint:
        raise Problem(422, "This Idempotency-Key was used for another request.")
    return Answer(found["status"], bytes(found["body"]), dict(found["headers"]))
