"""HTTP in: new pictures, as an upload or from an address."""

from collections.abc import AsyncIterator
from urllib.parse import unquote, urlsplit

from aiohttp import web

from services.media.api.access import authorize
from services.media.api.adding import Sent
from services.media.api.contract import PictureFetch, PictureTexts
from services.media.api.keys import ADDING, FETCHING, STAGE, STORE, UPLOADS
from services.media.api.upload import StagedFile, read_upload, too_large
from services.media.records import Uploader
from shared.http.guarded import FetchFailed, FetchRefused
from shared.http.idempotency import claim
from shared.http.middleware import extend_deadline
from shared.http.problems import field_problem
from shared.http.requests import read_idempotency_key, read_model, refuse_unknown

# A telephone on a slow line sends 40 MB in this time.
_UPLOAD_S = 900.0
# A worker that is busy with other pictures, and a fetch before it.
_CHECK_S = 120.0
_FORM_BYTES = 128 * 1024


async def upload_picture(request: web.Request) -> web.Response:
    """Store an editor's picture."""
    by = await authorize(request, "write")
    refuse_unknown(request.query, ())
    read_idempotency_key(request)
    stage = request.app[STAGE]
    if (request.content_length or 0) > stage.most_bytes + _FORM_BYTES:
        raise too_large(stage.most_bytes)
    extend_deadline(request, _UPLOAD_S)
    begun: list[StagedFile] = []

    async def write(name: str, chunks: AsyncIterator[bytes]) -> StagedFile:
        begun.append(await stage.write(name, chunks))
        return begun[-1]

    try:
        async with request.app[UPLOADS].turn():
            file, texts = await read_upload(request, write)
        return await _add(request, file, texts, by)
    finally:
        for staged in begun:
            await stage.drop(staged.key)


async def fetch_picture(request: web.Request) -> web.Response:
    """Store the picture at an address."""
    by = await authorize(request, "write")
    refuse_unknown(request.query, ())
    sent, stage = await read_model(request, PictureFetch), request.app[STAGE]
    extend_deadline(request, _CHECK_S)
    file = await _fetch(request, sent.url)
    try:
        return await _add(request, file, PictureTexts(**sent.model_dump(exclude={"url"})), by)
    finally:
        await stage.drop(file.key)


async def _fetch(request: web.Request, url: str) -> StagedFile:
    try:
        async with request.app[FETCHING].stream(url, headers={"Accept": "image/*"}) as answer:
            if answer.status != 200:
                raise field_problem("/url", f"The address answers {answer.status}.")
            name = unquote(urlsplit(url).path, errors="replace")
            file = await request.app[STAGE].write(name, answer.chunks)
    except FetchRefused as error:
        raise field_problem("/url", "This address must not be fetched: it is not a public one.") from error
    except FetchFailed as error:
        raise field_problem("/url", f"The address does not answer: {error}.") from error
    if not file.size_bytes:
        await request.app[STAGE].drop(file.key)
        raise field_problem("/url", "The address gives an empty file.")
    return file


async def _add(request: web.Request, file: StagedFile, texts: PictureTexts, by: Uploader) -> web.Response:
    extend_deadline(request, _CHECK_S)
    body = f"{file.sha256} {texts.model_dump_json()}".encode()
    sent = Sent(file, texts, by, claim(request, by.id, body))
    answer = await request.app[STORE].answers.once(sent.claim, lambda: request.app[ADDING].add(sent))
    return answer.response()


ROUTES = [
    web.post("/v1/media", upload_picture),
    web.post("/v1/media/fetch", fetch_picture),
]
