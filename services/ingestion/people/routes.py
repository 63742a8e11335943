"""HTTP in: people and tokens; token owners for the other services."""

from aiohttp import web

from services.ingestion.people.access import authenticate
from services.ingestion.people.contract import TokenAnswer
from shared.http.problems import json_response


async def show_token(request: web.Request) -> web.Response:
    """Show the actor of the request's token or session. For the other services: the edge does not route this path."""
    return json_response(TokenAnswer.of(await authenticate(request)).model_dump_json().encode())


ROUTES = [
    web.get("/internal/token", show_token),
]
