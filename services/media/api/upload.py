"""Reads an upload: a multipart form with one file, which goes to the store while it arrives."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiohttp import BodyPartReader, web

from services.media.api.contract import PictureTexts
from services.media.api.metrics import RECEIVED_BYTES
from services.media.api.rules import tidy_file_name
from services.media.objects import STAGING, Objects
from shared.errors import FieldError, Problem, Unavailable
from shared.http.problems import field_problem
from shared.http.requests import validate
from shared.ids import new_id

FORM = "multipart/form-data"
CHUNK_BYTES = 65_536
# A client that sends nothing for this time has gone.
_SILENCE_S = 30.0
_LARGEST_FIELD_BYTES = 16_384
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class StagedFile:
    """A file in the store that is no picture yet: its key, hash, size and name for display."""

    key: str
    sha256: str
    size_bytes: int
    file_name: str


class _Writer(Protocol):
    async def __call__(self, name: str, chunks: AsyncIterator[bytes]) -> StagedFile: ...


class Stage:
    """The part of the store for files of requests in progress."""

    def __init__(self, objects: Objects, most_bytes: int) -> None:
        self._objects = objects
        self.most_bytes = most_bytes

    async def write(self, name: str, chunks: AsyncIterator[bytes]) -> StagedFile:
        """Store a file while it arrives. 413 above the limit; nothing is stored then."""
        key, digest, size = f"{STAGING}{new_id()}", hashlib.sha256(), 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for data in chunks:
                size += len(data)
                if size > self.most_bytes:
                    raise too_large(self.most_bytes)
                digest.update(data)
                yield data

        await self._objects.put(key, _UNKNOWN_TYPE, counted())
        RECEIVED_BYTES.inc(size)
        return StagedFile(key, digest.hexdigest(), size, tidy_file_name(name))

    async def drop(self, key: str) -> None:
        """Delete a staged file and what the worker wrote beside it. What cannot be deleted now is swept later."""
        for left in (key, original_beside(key)):
            with suppress(Unavailable):
                await self._objects.delete(left)


def original_beside(key: str) -> str:
    """The key at which the worker writes the stripped original of a staged file."""
    return f"{key}.original"


def too_large(most_bytes: int) -> Problem:
    """413 for a file above the limit."""
    return Problem(413, f"The file is larger than {most_bytes // 1024 // 1024} MiB.")


async def read_upload(request: web.Request, write: _Writer) -> tuple[StagedFile, PictureTexts]:
    """The file and the fields of a form, in any order. 400, 413, 415 or 422; the caller drops what was staged before."""
    if request.content_type != FORM:
        raise Problem(415, f"Send {FORM}.", headers={"Accept": FORM})
    staged: StagedFile | None = None
    fields: dict[str, str] = {}
    try:
        async for part in _parts(request):
            name = part.name or ""
            if name in fields or (name == "file" and staged is not None):
                raise field_problem(f"/{name}", "The form has this field twice.")
            if name == "file":
                staged = await write(part.filename or "", _chunks(part))
            elif name in PictureTexts.model_fields:
                fields[name] = await _text(part, name)
            else:
                raise field_problem(f"/{name[:80]}", "Unknown field.")
    except (ValueError, AssertionError, ConnectionError, web.RequestPayloadError) as error:
        # aiohttp's own errors of a form that breaks off or has no boundary, and of a client that has left.
        raise Problem(400, "The form cannot be read.") from error
    if staged is None:
        raise field_problem("/file", "Send a file.")
    if not staged.size_bytes:
        raise field_problem("/file", "The file is empty.")
    return staged, read_texts(fields)


async def _parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    reader = await request.multipart()
    while True:
        async with asyncio.timeout(_SILENCE_S):
            part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader):
            raise Problem(400, "The form has a form inside.")
        yield part


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(_SILENCE_S):
                data = await part.read_chunk(CHUNK_BYTES)
        except TimeoutError as error:
            raise Problem(408, "The file stopped arriving.") from error
        if not data:
            return
        yield data


async def _text(part: BodyPartReader, name: str) -> str:
    content = bytearray()
    async for data in _chunks(part):
        content += data
        if len(content) > _LARGEST_FIELD_BYTES:
            raise field_problem(f"/{name}", "The field is too large.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise field_problem(f"/{name}", "The field is not UTF-8.") from error


def read_texts(fields: Mapping[str, str]) -> PictureTexts:
    """The fields of a form as texts, numbers and flags; an empty one counts as not sent. 422 names each wrong one."""
    sent: dict[str, object] = {name: text for name, text in fields.items() if text.strip()}
    errors = []
    for name in ("focal_x", "focal_y"):
        if name in sent:
            try:
                sent[name] = float(fields[name])
            except ValueError:
                errors.append(FieldError(f"/{name}", "It is not a number."))
    if "decorative" in sent:
        if fields["decorative"] not in _FLAGS:
            errors.append(FieldError("/decorative", "It is true or false."))
        sent["decorative"] = _FLAGS.get(fields["decorative"], False)
    if errors:
        raise Problem(422, "Some fields are wrong.", errors=tuple(errors))
    return validate(PictureTexts, sent)


# A browser's checkbox sends `on`.
_FLAGS = {"true": True, "on": True, "1": True, "false": False, "0": False}
