"""HTTP in: people and tokens; token owners for the other services."""

from aiohttp import web

from services.ingestion.people.access import authenticate
from services.ingestion.people.contract import TokenAnswer
from shared.http.problems import json_response


async def show_token(request: web.Request) -> web.Response:
    """Show the owner of the request's token. For the other services: the edge does not route this path."""
    owner = await authenticate(request)
    return json_response(TokenAnswer(name=owner.name, role=owner.role).model_dump_json().encode())


ROUTES = [
    web.get("/internal/token", show_token),
]
