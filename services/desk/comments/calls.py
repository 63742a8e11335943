"""Calls to comments on behalf of the person of a request."""

from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web

from services.desk.api import Json
from services.desk.keys import COMMENTS
from services.desk.visit import VISIT
from shared.http.instances import Answer

PATH = "/v1/comments"


async def read(request: web.Request, path: str = "", **params: str | None) -> Json:
    """Read something below `/v1/comments`. Parameters without a value are left out. Errors as `ServiceClient.call`."""
    return (await read_answer(request, path, **params)).json


async def read_answer(request: web.Request, path: str, **params: str | None) -> Answer:
    """As `read`, with the answer's headers."""
    given = {name: value for name, value in params.items() if value}
    return await _call(request, "GET", PATH + path, params=given)


async def read_discussion(request: web.Request, article_id: str) -> Json:
    """The state of an article's discussion."""
    return (await _call(request, "GET", _discussion(article_id))).json


async def change_discussion(request: web.Request, article_id: str, changes: Json, key: str) -> None:
    """Open or close an article's discussion, or change what waits in it."""
    headers = {"Idempotency-Key": key} if key else {}
    await _call(request, "PUT", _discussion(article_id), json=changes, headers=headers)


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
    """Write something below `/v1/comments`. `key`: for Idempotency-Key; `version`: for If-Match; `timeout_s` as `ServiceClient`."""
    headers = {}
    if key:
        headers["Idempotency-Key"] = key
    if version:
        headers["If-Match"] = f'"{version}"'
    return await _call(
        request, method, PATH + path, json={} if json is None else json, headers=headers, timeout_s=timeout_s
    )


async def _call(
    request: web.Request,
    method: str,
    path: str,
    *,
    json: object = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> Answer:
    sent = {**request[VISIT].credentials(), **(headers or {})}
    return await request.app[COMMENTS].call(method, path, json=json, params=params, headers=sent, timeout_s=timeout_s)


def _discussion(article_id: str) -> str:
    return f"/v1/articles/{quote(article_id, safe='')}/discussion"
