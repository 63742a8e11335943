"""HTTP in: bans and mutes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from aiohttp import web

from services.comments.access.keys import BANS
from services.comments.access.moderators import moderator
from services.comments.model.moderation_records import Ban, BanTarget
from services.comments.model.records import Contact, author_of
from services.comments.model.store import Store
from services.comments.moderation.ban_contract import BanAnswer, BanList, LiftedBan, NewBan
from services.comments.moderation.decision_store import DecisionRecord, DecisionStore
from services.comments.moderation.keys import DECISIONS, ITEMS
from services.comments.moderation.once import change_once
from shared.errors import Problem
from shared.http.idempotency import Answer, claim
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    parse_json,
    read_body,
    read_id_cursor,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.http.token_checker import TokenOwner
from shared.ids import made_at, new_id
from shared.mongo.collections import Session
from shared.times import now, rfc3339


async def list_bans(request: web.Request) -> web.Response:
    """List the bans and mutes in force."""
    await moderator(request)
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, cursor, at = read_limit(request.query), read_id_cursor(request.query), now()
    snapshot = await request.app[BANS].fresh()
    left = [ban for ban in snapshot.bans if ban.is_active(at) and (cursor is None or ban.id < cursor)]
    shown = left[:limit]
    names = await request.app[ITEMS].names(shown)
    answer = BanList(
        items=[BanAnswer.of(ban, names) for ban in shown],
        next_cursor=write_cursor(shown[-1].id) if len(left) > limit else None,
    )
    return json_response(answer.model_dump_json().encode())


async def put_ban(request: web.Request) -> web.Response:
    """Ban or mute a target, or change its ban."""
    owner = await moderator(request)
    body = await read_body(request)
    sent = validate(NewBan, parse_json(body))
    if sent.until is not None and sent.until <= now():
        raise field_problem("/until", "It is in the past.")
    decisions = request.app[DECISIONS]
    store, ban = decisions.store, await _new_ban(sent, decisions.store, owner)
    names = await request.app[ITEMS].names([ban])

    async def work(session: Session) -> Answer:
        stored = await store.bans.put(ban, session)
        await _note(decisions.records, stored, stored.kind, ban.id, owner, session)
        answer = BanAnswer.of(stored, names).model_dump_json().encode()
        return Answer(201 if stored.id == ban.id else 200, answer, {})

    # The answer shows the address, or the name on the comment: an erasure of either reaches it.
    about = sent.comment_id if sent.email is None else author_of(sent.email)
    response = await change_once(store, claim(request, owner.id, body), work, about)
    request.app[BANS].forget()
    return response


# Networks of commenters are kept 30 days (`app.py`). A moderator's own knowledge of a network is not bound by that.
_NETWORK_OF_COMMENT = timedelta(days=30)


async def _new_ban(sent: NewBan, store: Store, owner: TokenOwner) -> Ban:
    target, value = sent.target() or await _target_of(sent, store)
    ban_id = new_id()
    return Ban(
        id=ban_id,
        kind=sent.kind,
        target=target,
        value=author_of(value) if sent.email is not None else value,
        until=_end_of(sent, target, made_at(ban_id)),
        reason=sent.reason,
        by=owner.name,
        at=made_at(ban_id),
        email=sent.email,
        comment_id=sent.comment_id,
    )


def _end_of(sent: NewBan, target: BanTarget, at: datetime) -> datetime | None:
    if sent.comment_id is None or target != "network":
        return sent.until
    latest = at + _NETWORK_OF_COMMENT
    return latest if sent.until is None else min(sent.until, latest)


async def _target_of(sent: NewBan, store: Store) -> tuple[BanTarget, str]:
    """The target of a ban from a comment. 409 when it is not kept any more."""
    comment_id = cast(str, sent.comment_id)
    if await store.comments.find(comment_id) is None:
        raise field_problem("/comment_id", "There is no such comment.")
    contact = await store.contacts.find(comment_id)
    value = "" if contact is None else _values(contact)[sent.what]
    if not value:
        raise Problem(409, f"The {sent.what} of this comment is not kept any more.")
    return sent.what, value


def _values(contact: Contact) -> dict[BanTarget, str]:
    return {"email": contact.author, "network": contact.network, "visitor": contact.browser}


async def lift_ban(request: web.Request) -> web.Response:
    """Lift a ban by its id."""
    owner = await moderator(request)
    refuse_unknown(request.query, ())
    return await _lift(request, LiftedBan(id=request.match_info["id"]), owner, b"")


async def lift_ban_of(request: web.Request) -> web.Response:
    """Lift the ban of a target, named in the query or in a JSON body."""
    owner = await moderator(request)
    body = await read_body(request) if request.body_exists else b""
    refuse_unknown(request.query, ("id", "email", "network", "visitor"))
    sent = validate(LiftedBan, parse_json(body) if body else dict(request.query))
    return await _lift(request, sent, owner, body)


async def _lift(request: web.Request, sent: LiftedBan, owner: TokenOwner, body: bytes) -> web.Response:
    decisions = request.app[DECISIONS]
    store, decision_id = decisions.store, new_id()
    ban_id = sent.id or await _id_of(sent, store)

    async def work(session: Session) -> Answer:
        lifted = None if ban_id is None else await store.bans.lift(ban_id, session)
        if lifted is None:
            raise Problem(404, "There is no such ban.")
        noted = replace(lifted, reason=sent.reason)
        await _note(decisions.records, noted, "lift", decision_id, owner, session)
        return Answer(204, b"", {})

    response = await change_once(store, claim(request, owner.id, body), work)
    request.app[BANS].forget()
    return response


async def _id_of(sent: LiftedBan, store: Store) -> str | None:
    target, value = cast(tuple[BanTarget, str], sent.target())
    wanted = author_of(value) if target == "email" else value
    return await store.bans.id_of(target, wanted)


async def _note(
    records: DecisionStore, ban: Ban, action: str, decision_id: str, owner: TokenOwner, session: Session
) -> None:
    """Write a change of a ban to the audit, without its address or network."""
    detail = {"ban_id": ban.id, "what": ban.target, "kind": ban.kind}
    if ban.until is not None:
        detail["until"] = rfc3339(ban.until)
    if ban.comment_id:
        detail["comment_id"] = ban.comment_id
    record = DecisionRecord(decision_id, action, owner.name, made_at(decision_id), ban.reason, detail=detail)
    await records.add(record, session)


_BANS = "/v1/comments/bans"
ROUTES = [
    web.get(_BANS, list_bans),
    web.post(_BANS, put_ban),
    web.delete(_BANS, lift_ban_of),
    web.delete(f"{_BANS}/{{id:[A-Za-z0-9_-]{{1,64}}}}", lift_ban),
]
