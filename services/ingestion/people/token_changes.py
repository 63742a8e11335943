"""Carries out changes of API tokens: each with its act and stored answer in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from services.ingestion.people.actor import Actor
from services.ingestion.people.audit import AuditLog
from services.ingestion.people.sealing import seal
from services.ingestion.people.token_contract import ApiToken, NewApiToken, SentToken
from services.ingestion.people.token_store import TokenStore
from services.ingestion.people.tokens import TokenEntry, TokenOwner, make_token
from shared.errors import Problem
from shared.http.idempotency import Answer, Answers, Claim
from shared.http.problems import field_problem
from shared.ids import new_id
from shared.mongo.client import Mongo
from shared.mongo.collections import Session
from shared.times import rfc3339


@dataclass(frozen=True)
class TokenRequest:
    """The circumstances of a change. `sealing_key` hides the token in the stored answer."""

    actor: Actor
    network: str
    at: datetime
    claim: Claim | None = None
    sealing_key: str | None = None


class TokenChanges:
    """Makes and revokes tokens. Every method raises Unavailable, after which the outcome is *unknown*."""

    def __init__(self, mongo: Mongo, answers: Answers, tokens: TokenStore, audit: AuditLog) -> None:
        self._mongo = mongo
        self._tokens = tokens
        self._audit = audit
        self.answers = answers

    async def create(self, request: TokenRequest, sent: SentToken) -> Answer:
        """Make a token; 422 when its end has passed."""
        if sent.expires_at is not None and sent.expires_at <= request.at:
            raise field_problem("/expires_at", "It is in the past.")
        token, owner = make_token(), TokenOwner(new_id(), sent.name, sent.role)
        shown = ApiToken.of(TokenEntry(owner, request.at, sent.expires_at, None, None)).model_dump()
        answer = Answer(201, NewApiToken(**shown, token=token).model_dump_json().encode(), {})
        kept = seal(answer, "token", request.sealing_key)

        async def work(session: Session) -> None:
            await self.answers.keep(session, request.claim, kept)
            await self._tokens.add(token, owner, request.at, expires_at=sent.expires_at, session=session)
            await self._note(session, request, "token.create", owner, expires_at=sent.expires_at)

        await self._mongo.transaction(work)
        return answer

    async def revoke(self, request: TokenRequest, token_id: str) -> Answer:
        """Revoke a token, also one that was revoked before; 404 for an unknown one, 409 for that of the token file."""
        entry = await self._tokens.find_by_id(token_id)
        if entry is None:
            raise Problem(404, "There is no such token.")
        entry.check_revocation()
        answer = Answer(204, b"", {})

        async def work(session: Session) -> None:
            await self.answers.keep(session, request.claim, answer)
            if await self._tokens.revoke(token_id, request.at, session):
                await self._note(session, request, "token.revoke", entry.owner)

        await self._mongo.transaction(work)
        return answer

    async def _note(
        self,
        session: Session,
        request: TokenRequest,
        action: str,
        owner: TokenOwner,
        *,
        expires_at: datetime | None = None,
    ) -> None:
        details = {"name": owner.name, "role": owner.role}
        if expires_at is not None:
            details["expires_at"] = rfc3339(expires_at)
        await self._audit.note(request.actor, action, owner.token_id, request.network, request.at, details, session)
