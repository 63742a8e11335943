"""Calls to comments on behalf of the person of a request."""

from urllib.parse import quote

from aiohttp import web

from services.desk.api import Json
from services.desk.keys import COMMENTS
from services.desk.visit import call
from shared.http.instances import Answer

PATH = "/v1/comments"


async def read(request: web.Request, path: str = "", **params: str | None) -> Json:
    """Read something below `/v1/comments`. Parameters and errors as `call`."""
    return (await read_answer(request, path, **params)).json


async def read_answer(request: web.Request, path: str, **params: str | None) -> Answer:
    """As `read`, with the answer's headers."""
    return await call(request, COMMENTS, "GET", PATH + path, params=params)


async def read_discussion(request: web.Request, article_id: str) -> Json:
    """The state of an article's discussion."""
    return (await call(request, COMMENTS, "GET", _discussion(article_id))).json


async def change_discussion(request: web.Request, article_id: str, changes: Json, key: str) -> None:
    """Open or close an article's discussion, or change what waits in it."""
    await call(request, COMMENTS, "PUT", _discussion(article_id), json=changes, key=key)


async def send(
    request: web.Request,
    method: str,
    path: str,
    json: object = None,
    *,
    key: str = "",
    version: str = "",
    timeout_s: float | None = None,
) -> Answer:
    """Write something below `/v1/comments`; arguments as `call`."""
    sent = {} if json is None else json
    return await call(request, COMMENTS, method, PATH + path, json=sent, key=key, version=version, timeout_s=timeout_s)


def _discussion(article_id: str) -> str:
    return f"/v1/articles/{quote(article_id, safe='')}/discussion"
