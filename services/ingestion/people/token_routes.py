"""HTTP in: API tokens, for admins; the actor of a credential, for the other services."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.ingestion.people.access import CLOCK, TOKENS, authenticate, authorize, client_network
from services.ingestion.people.actor import Actor
from services.ingestion.people.contract import TokenAnswer
from services.ingestion.people.sealing import sealing_key, unseal
from services.ingestion.people.token_changes import TokenChanges, TokenRequest
from services.ingestion.people.token_contract import ApiToken, ApiTokenList, SentToken
from shared.http.idempotency import Answer, claim
from shared.http.problems import json_response
from shared.http.requests import (
    parse_json,
    read_body,
    read_id_cursor,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)

TOKEN_CHANGES = web.AppKey("token_changes", TokenChanges)


async def show_actor(request: web.Request) -> web.Response:
    """Show the actor of the request's token or session. For the other services: the edge does not route this path."""
    return json_response(TokenAnswer.of(await authenticate(request)).model_dump_json().encode())


async def list_tokens(request: web.Request) -> web.Response:
    """List tokens, oldest first; never their secret."""
    await authorize(request, "tokens")
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, after = read_limit(request.query), read_id_cursor(request.query)
    entries = [one for one in await request.app[TOKENS].list() if after is None or one.owner.token_id > after]
    shown = entries[:limit]
    cursor = write_cursor(shown[-1].owner.token_id) if len(entries) > limit else None
    answer = ApiTokenList(items=[ApiToken.of(entry) for entry in shown], next_cursor=cursor)
    return json_response(answer.model_dump_json().encode())


async def create_token(request: web.Request) -> web.Response:
    """Make a token and show it, once."""
    actor = await authorize(request, "tokens")
    refuse_unknown(request.query, ())
    body = await read_body(request)

    async def work(change: TokenRequest) -> Answer:
        return await request.app[TOKEN_CHANGES].create(change, validate(SentToken, parse_json(body)))

    return await _once(request, actor, body, work)


async def revoke_token(request: web.Request) -> web.Response:
    """Revoke a token."""
    actor = await authorize(request, "tokens")
    refuse_unknown(request.query, ())

    async def work(change: TokenRequest) -> Answer:
        return await request.app[TOKEN_CHANGES].revoke(change, request.match_info["id"])

    return await _once(request, actor, b"", work)


async def _once(
    request: web.Request, actor: Actor, body: bytes, work: Callable[[TokenRequest], Awaitable[Answer]]
) -> web.Response:
    key = sealing_key(request, actor)
    change = TokenRequest(actor, client_network(request), request.app[CLOCK](), claim(request, actor.id, body), key)
    answer = await request.app[TOKEN_CHANGES].answers.once(change.claim, lambda: work(change))
    return unseal(answer, key).response()


ROUTES = [
    web.get("/internal/token", show_actor),
    web.get("/v1/tokens", list_tokens),
    web.post("/v1/tokens", create_token),
    web.delete("/v1/tokens/{id:[0-9a-z]{26}}", revoke_token),
]
