"""Calls to media on behalf of the person of a request."""

from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web

from services.desk.api import Json
from services.desk.keys import DESK_SETTINGS, MEDIA
from services.desk.media.pictures import LibraryPicture, picture_of
from services.desk.visit import VISIT, call
from shared.http.instances import Answer
from shared.http.middleware import extend_deadline

PATH = "/v1/media"
_CHUNK_BYTES = 64 * 1024


async def read_pictures(request: web.Request, params: Mapping[str, str]) -> Json:
    """A page of the library: `items` and `next_cursor`."""
    return (await call(request, MEDIA, "GET", PATH, params=params)).json


async def read_picture(request: web.Request, picture_id: str) -> LibraryPicture:
    """One picture; Problem 404 for an unknown id."""
    return picture_of((await call(request, MEDIA, "GET", _path(picture_id))).json)


async def change_picture(request: web.Request, picture_id: str, changes: Json, version: str) -> None:
    """Change texts or focal point. Problem 412 when the picture has another version by now."""
    await call(request, MEDIA, "PATCH", _path(picture_id), json=changes, version=version)


async def delete_picture(request: web.Request, picture_id: str) -> None:
    """Delete it for ever. Problem 409 while an article uses it."""
    await call(request, MEDIA, "DELETE", _path(picture_id))


async def fetch_picture(request: web.Request, url: str) -> Answer:
    """Take a picture from an address; 201, or 200 for one that the library has already."""
    return await call(request, MEDIA, "POST", f"{PATH}/fetch", json={"url": url})


async def pass_upload(request: web.Request) -> Answer:
    """Pass the request's multipart body on as it arrives; 201, or 200 for a file that the library has already."""
    headers = {**request[VISIT].credentials(), "Content-Type": request.headers["Content-Type"]}
    # Raw: aiohttp would hold a form that it reads itself to the limit of the desk's other bodies.
    chunks = request.content.iter_chunked(_CHUNK_BYTES)
    timeout_s = request.app[DESK_SETTINGS].desk_upload_s
    extend_deadline(request, timeout_s)
    return await request.app[MEDIA].stream(PATH, aiter(chunks), headers=headers, timeout_s=timeout_s)


def _path(picture_id: str) -> str:
    return f"{PATH}/{quote(picture_id, safe='')}"
