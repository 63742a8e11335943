"""Who asks, and what they may do: the actor of a request. Every route of the service starts here."""

from aiohttp import web

from services.ingestion.people.roles import Right, may
from services.ingestion.people.token_store import TokenStore
from services.ingestion.people.tokens import TokenOwner
from shared.errors import Problem
from shared.http.bearer import read_bearer_token, unknown_token

TOKENS = web.AppKey("tokens", TokenStore)


async def authenticate(request: web.Request) -> TokenOwner:
    """The owner of the request's token; 401 without a valid one."""
    owner = await request.app[TOKENS].find(read_bearer_token(request))
    if owner is None:
        raise unknown_token()
    return owner


async def authorize(request: web.Request, right: Right) -> TokenOwner:
    """As `authenticate`; 403 when the role does not have the right."""
    owner = await authenticate(request)
    require(owner, right)
    return owner


def require(owner: TokenOwner, right: Right) -> None:
    """403 when the owner's role does not have the right."""
    if not may(owner.role, right):
        raise Problem(403, f"The role {owner.role} does not have the right to {right}.")
