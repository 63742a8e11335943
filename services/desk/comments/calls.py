"""Calls to comments on behalf of the person of a request."""

from collections.abc import Mapping

from aiohttp import web

from services.desk.api import ApiAnswer, Json
from services.desk.keys import COMMENTS
from services.desk.visit import VISIT

PATH = "/v1/comments"


async def read(request: web.Request, path: str = "", **params: str | None) -> Json:
    """Read something below `/v1/comments`. Parameters without a value are left out. Errors as `ServiceClient.call`."""
    given = {name: value for name, value in params.items() if value}
    answer = await _call(request, "GET", path, params=given)
    return answer.json


async def send(
    request: web.Request,
    method: str,
    path: str,
    json: object = None,
    *,
    key: str = "",
    version: str = "",
) -> ApiAnswer:
    """Write something below `/v1/comments`. `key` is for Idempotency-Key, `version` for If-Match."""
    headers = {}
    if key:
        headers["Idempotency-Key"] = key
    if version:
        headers["If-Match"] = f'"{version}"'
    return await _call(request, method, path, json={} if json is None else json, headers=headers)


async def _call(
    request: web.Request,
    method: str,
    path: str,
    *,
    json: object = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ApiAnswer:
    sent = {**request[VISIT].credentials(), **(headers or {})}
    return await request.app[COMMENTS].call(method, PATH + path, json=json, params=params, headers=sent)
