"""HTTP in, from the api alone: the edge passes nothing of `/internal`."""

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from services.media.worker.upload_checker import CheckedUpload, OriginalTexts, UploadChecker
from services.media.worker.variant_runner import VariantRunner
from shared.http.middleware import extend_deadline
from shared.http.problems import json_response
from shared.http.requests import read_model

UPLOAD_CHECKER = web.AppKey("upload_checker", UploadChecker)
VARIANT_RUNNER = web.AppKey("variant_runner", VariantRunner)

# The wait for a decoder, the longest job, and the store.
CHECK_WITHIN_S = 90.0
_KEY = r"^[0-9a-z]+/[0-9A-Za-z._-]+$"


class CheckRequest(BaseModel):
    """An upload to check. `credit`: the form's, written into the original instead of the upload's own."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=_KEY)
    credit: str | None = None


class OriginalRequest(BaseModel):
    """An original to write again, as `to`, with other texts."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=_KEY)
    to: str = Field(pattern=_KEY)
    creator: str
    credit: str
    copyright: str


async def check_upload(request: web.Request) -> web.StreamResponse:
    """Check an upload, and write its original beside it."""
    extend_deadline(request, CHECK_WITHIN_S)
    wanted = await read_model(request, CheckRequest)
    texts = OriginalTexts(credit=wanted.credit)
    found = await request.app[UPLOAD_CHECKER].check(wanted.key, f"{wanted.key}.original", texts)
    facts = found.facts
    return json_response(
        {
            "type": found.type,
            "width": facts.width,
            "height": facts.height,
            "has_alpha": facts.has_alpha,
            "frames": facts.frames,
            "original": _original(found),
            "color": facts.color,
            "creator": facts.creator,
            "credit": facts.credit,
            "copyright": facts.copyright,
            "title": facts.title,
        }
    )


async def write_original(request: web.Request) -> web.StreamResponse:
    """Write the original of a known upload once more."""
    extend_deadline(request, CHECK_WITHIN_S)
    wanted = await read_model(request, OriginalRequest)
    texts = OriginalTexts(wanted.creator, wanted.credit, wanted.copyright)
    found = await request.app[UPLOAD_CHECKER].check(wanted.key, wanted.to, texts)
    return json_response({**_original(found), "color": found.facts.color})


def _original(found: CheckedUpload) -> dict[str, object]:
    return {
        "width": found.facts.original_width,
        "height": found.facts.original_height,
        "size_bytes": found.stored_bytes,
        "name": found.original_name,
    }


async def wake(request: web.Request) -> web.StreamResponse:
    """Look for waiting pictures at once."""
    request.app[VARIANT_RUNNER].wake()
    return json_response({}, status=202)


ROUTES = [
    web.post("/internal/check", check_upload),
    web.post("/internal/original", write_original),
    web.post("/internal/wake", wake),
]
