"""Serves pictures' files: immutable addresses, ranges, conditional requests; a variant that is not made yet as the original."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from services.media.api.keys import OBJECTS, STORE, WORKER
from services.media.api.metrics import FILES_SERVED, LOST_ORIGINALS
from services.media.api.rules import is_public_name, todays_name
from services.media.objects import NotFound, ObjectFacts
from services.media.records import Picture
from shared.errors import Problem, Unavailable
from shared.http.middleware import extend_deadline
from shared.http.requests import has_already
from shared.times import now

_log = structlog.get_logger(__name__)

_IMMUTABLE = "public, max-age=31536000, immutable"
_SOON = "public, max-age=5"
_HEADERS: Mapping[str, str] = {
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
# A client that reads nothing for this time is cut off; a whole file may take longer.
_STALLED_S = 20.0
_LONGEST_S = 900.0
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# A variant that cannot be made must not be tried again at each request.
_AGAIN_AFTER = timedelta(minutes=10)
_MOST_NOTED = 1000


@dataclass(frozen=True)
class Part:
    """Bytes of a file, from `start` on."""

    start: int
    length: int


class LostVariants:
    """Which pictures had lost variants, so that each is queued again once in _AGAIN_AFTER at most."""

    def __init__(self) -> None:
        self._noted: dict[str, datetime] = {}

    def may_queue(self, picture_id: str, at: datetime) -> bool:
        """Whether to queue the picture now; notes it."""
        if at - self._noted.get(picture_id, at - _AGAIN_AFTER) < _AGAIN_AFTER:
            return False
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[picture_id] = at
        return True


LOST_VARIANTS = web.AppKey("lost_variants", LostVariants)


async def serve_file(request: web.Request) -> web.StreamResponse:
    """A file of a picture."""
    folder, name = request.match_info["folder"], request.match_info["name"]
    if not is_public_name(name):
        raise _absent()
    objects = request.app[OBJECTS]
    facts = await objects.stat(f"{folder}/{name}")
    if facts is not None:
        FILES_SERVED.labels("file").inc()
        return await _send(request, f"{folder}/{name}", facts, _IMMUTABLE)
    return await _serve_absent(request, folder, name)


async def _serve_absent(request: web.Request, folder: str, name: str) -> web.StreamResponse:
    """A redirect from an old stamp, or the original in place of a variant."""
    picture = await request.app[STORE].pictures.in_folder(folder)
    present = None if picture is None or picture.deleted_at is not None else todays_name(picture, name)
    if picture is None or present is None:
        raise _absent()
    if present != name:
        FILES_SERVED.labels("redirect").inc()
        headers = {"Location": f"/media/{folder}/{present}", "Cache-Control": "no-cache"}
        return web.Response(status=302, headers={**_HEADERS, **headers})
    original = f"{folder}/{picture.facts.original}"
    facts = await request.app[OBJECTS].stat(original)
    if facts is None or present == picture.facts.original:
        LOST_ORIGINALS.inc()
        _log.error("original.lost", picture=picture.id)
        raise _absent()
    await _ask_for_variants(request.app, picture)
    FILES_SERVED.labels("original").inc()
    return await _send(request, original, facts, _SOON)


async def _ask_for_variants(app: web.Application, picture: Picture) -> None:
    """Queue variants that were made and are lost. The worker has the others in its queue, or has given them up."""
    if picture.variants == "done" and app[LOST_VARIANTS].may_queue(picture.id, now()):
        _log.warning("variants.lost", picture=picture.id)
        await app[STORE].pictures.make_again(picture.id)
        await app[WORKER].wake()


def _absent() -> Problem:
    return Problem(404, "There is no picture at this address.")


async def _send(request: web.Request, key: str, facts: ObjectFacts, caching: str) -> web.StreamResponse:
    tag = f'"{key.rpartition("/")[2]}-{facts.size_bytes:x}"'
    headers = {**_HEADERS, "ETag": tag, "Cache-Control": caching}
    if has_already(request.headers.get("If-None-Match", ""), tag):
        return web.Response(status=304, headers=headers)
    part = _asked_part(request, facts.size_bytes, tag)
    if part is None:
        headers["Content-Range"] = f"bytes */{facts.size_bytes}"
        raise Problem(416, "The file has no such bytes.", headers=headers)
    status = 200
    if part.length < facts.size_bytes:
        status = 206
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{facts.size_bytes}"
    response = web.StreamResponse(status=status, headers={**headers, "Content-Type": facts.content_type})
    response.content_length = part.length
    await _stream(request, response, key, part)
    return response


async def _stream(request: web.Request, response: web.StreamResponse, key: str, part: Part) -> None:
    if request.method == "HEAD":
        await response.prepare(request)
        return
    chunks = request.app[OBJECTS].read(key, part.start, part.length)
    # The first bytes before the head: a store that does not answer is a 503.
    first = await anext(chunks, b"")
    extend_deadline(request, _LONGEST_S)
    await response.prepare(request)
    try:
        await _write(response, first)
        async for data in chunks:
            await _write(response, data)
    except (Unavailable, NotFound, TimeoutError, ConnectionError) as error:
        # The head is sent: a broken connection tells the client that bytes are missing.
        _log.warning("file.broken_off", key=key, reason=repr(error))
        if request.transport is not None:
            request.transport.abort()
        return
    await response.write_eof()


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(_STALLED_S):
        await response.write(data)


def _asked_part(request: web.Request, size: int, tag: str) -> Part | None:
    """The part that `Range` asks for (RFC 9110, 14.2); the whole file without one; None for one that the file does not have.

    Several ranges, other units and a stale `If-Range` get the whole file.
    """
    whole = Part(0, size)
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if found is None or request.headers.get("If-Range", tag) != tag:
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        length = min(int(last), size)
        return Part(size - length, length) if length else None
    start = int(first)
    if start >= size:
        return None
    if not last:
        return Part(start, size - start)
    return whole if int(last) < start else Part(start, min(int(last), size - 1) - start + 1)


ROUTES = [web.get(r"/media/{folder:[0-9a-f]{16}}/{name:[A-Za-z0-9.-]{1,80}}", serve_file)]
