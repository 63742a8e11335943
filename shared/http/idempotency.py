"""`Idempotency-Key`: the same key and body get the first answer again; another body is refused.

An answer is stored in the transaction of its change, so neither exists without the other; that of a change which does no harm
twice, right after it.
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import orjson
from aiohttp import web

from shared.errors import Problem
from shared.http.problems import json_response
from shared.http.requests import read_idempotency_key
from shared.mongo.collections import Collection, Database, Document, DuplicateKeyError, Session, available
from shared.times import now

KEPT_FOR = timedelta(hours=48)


@dataclass(frozen=True)
class Answer:
    """The first answer to a request."""

    status: int
    body: bytes
    headers: dict[str, str]

    def response(self) -> web.Response:
        """The answer as an HTTP response."""
        if not self.body:
            return web.Response(status=self.status, headers=self.headers)
        return json_response(self.body, status=self.status, headers=self.headers)


@dataclass(frozen=True)
class Claim:
    """A request's key (`id`, with its sender) and content (`fingerprint`), both hashed."""

    id: str
    fingerprint: str


def claim(request: web.Request, principal: str, body: bytes) -> Claim | None:
    """The claim of a request, None without a key; 422 when the key is malformed. `principal` names the sender."""
    key = read_idempotency_key(request)
    if key is None:
        return None
    digest = hashlib.sha256(orjson.dumps([principal, key])).hexdigest()
    sent = hashlib.sha256(b"\0".join((request.method.encode(), request.path_qs.encode(), body))).hexdigest()
    return Claim(digest, sent)


class Answers:
    """The stored answers of one service, by claim."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["answers"]

    async def find(self, wanted: Claim | None) -> Answer | None:
        """The first answer to this claim, None when there is none; 422 when the key was used for another request."""
        if wanted is None:
            return None
        async with available("idempotency key"):
            found = await self.collection.find_one({"_id": wanted.id})
        return None if found is None else _answer(found, wanted)

    async def count(self) -> int:
        """The estimated number of stored answers."""
        async with available("count of answers"):
            return int(await self.collection.estimated_document_count())

    async def keep(self, session: Session | None, made: Claim | None, answer: Answer, about: str | None = None) -> None:
        """Store the answer in the transaction of its change. Raises DuplicateKeyError when a duplicate was faster.

        `about`: the thing that the answer shows, by which `erase` finds it.
        """
        if made is None:
            return
        document: Document = {
            "_id": made.id,
            "fingerprint": made.fingerprint,
            "status": answer.status,
            "body": answer.body,
            "headers": answer.headers,
            "at": now(),
        }
        if about is not None:
            document["about"] = about
        await self.collection.insert_one(document, session=session)

    async def erase(self, about: str, session: Session) -> None:
        """Delete the text of the answers about a thing. A repeated request then gets 410 and creates nothing.

        Needs an index on `about`.
        """
        erased = {"$set": {"erased": True, "body": b"", "headers": {}}}
        await self.collection.update_many({"about": about}, erased, session=session)

    async def count_about(self, things: Iterable[str]) -> int:
        """The number of stored answers about any of these things that are not erased. Raises Unavailable."""
        async with available("answers about things"):
            found = await self.collection.find({"about": {"$in": list(things)}}, {"erased": 1}).to_list(None)
        return sum(not document.get("erased") for document in found)

    async def once(self, made: Claim | None, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The stored answer to this claim, or else the answer of `work`, which must `keep` it.

        A concurrent duplicate makes `work` fail: its answer is stored already, or the document has another version. The
        stored answer is returned then too.
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

    async def once_repeatable(
        self, made: Claim | None, work: Callable[[], Awaitable[Answer]], about: str | None = None
    ) -> Answer:
        """As `once`, for a change that does no harm when it is made twice: its answer is stored after it, by itself."""

        async def work_and_keep() -> Answer:
            answer = await work()
            async with available("idempotency key"):
                await self.keep(None, made, answer, about)
            return answer

        return await self.once(made, work_and_keep)


def _answer(found: Document, wanted: Claim) -> Answer:
    if found["fingerprint"] != wanted.fingerprint:
        raise Problem(422, "This Idempotency-Key was used for another request.")
    if found.get("erased"):
        raise Problem(410, "The answer to this Idempotency-Key was erased.")
    return Answer(found["status"], bytes(found["body"]), dict(found["headers"]))
