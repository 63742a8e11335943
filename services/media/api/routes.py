"""HTTP in: the API of pictures. Files are served by `serving.py`."""

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from services.media.api.access import authorize
from services.media.api.adding import changed_original
from services.media.api.answers import picture_answer
from services.media.api.catalogue import Wanted
from services.media.api.contract import PictureAnswer, PictureChange, PictureList, PictureRecords, PictureUse
from services.media.api.ingestion_client import MOST_IDS
from services.media.api.keys import ANNOUNCER, CATALOGUE, INGESTION, REMOVAL, STORE, WORKER
from services.media.api.rules import next_version
from services.media.api.serving import ROUTES as FILE_ROUTES
from services.media.api.upload_routes import ROUTES as UPLOAD_ROUTES
from services.media.records import Picture
from shared.errors import Problem
from shared.http.idempotency import Answer, Claim, claim
from shared.http.middleware import extend_deadline
from shared.http.problems import field_problem, json_response
from shared.http.requests import (
    parse_json,
    read_body,
    read_flag,
    read_id_cursor,
    read_if_match,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.mongo.collections import Session
from shared.text import SEARCH_LINE, TextRefused, fold, is_far_too_long, tidy
from shared.times import now

_LONGEST_QUESTION = 200
_CHANGE_S = 60.0


async def list_pictures(request: web.Request) -> web.Response:
    """List pictures, newest first."""
    by = await authorize(request, "read")
    query = request.query
    refuse_unknown(query, ("q", "unused", "mine", "missing_alt", "limit", "cursor"))
    wanted = Wanted(
        words=_words(query.get("q", "")),
        unused=read_flag(query, "unused"),
        missing_alt=read_flag(query, "missing_alt"),
        created_by=by.id if read_flag(query, "mine") else None,
        before=read_id_cursor(query),
        limit=read_limit(query),
    )
    page = await request.app[CATALOGUE].page(wanted)
    answer = PictureList(
        items=[PictureAnswer.of(picture, page.uses[picture.id]) for picture in page.pictures],
        next_cursor=None if page.next_before is None else write_cursor(page.next_before),
    )
    return json_response(answer.model_dump_json().encode())


def _words(text: str) -> list[str]:
    fault = field_problem("?q", f"q is at most {_LONGEST_QUESTION} characters of text.")
    if is_far_too_long(text, _LONGEST_QUESTION):
        raise fault
    try:
        tidied = tidy(text, SEARCH_LINE)
    except TextRefused as error:
        raise field_problem("?q", str(error)) from error
    if len(tidied) > _LONGEST_QUESTION:
        raise fault
    return fold(tidied).split()


async def show_picture(request: web.Request) -> web.Response:
    """Show one picture."""
    await authorize(request, "read")
    refuse_unknown(request.query, ())
    picture = await _find(request)
    return picture_answer(picture, await _uses(request, picture), status=200).response()


async def change_picture(request: web.Request) -> web.Response:
    """Change a picture's texts or its focal point. Its articles follow."""
    by = await authorize(request, "write")
    refuse_unknown(request.query, ())
    # The worker may be busy with uploads before it writes the new original.
    extend_deadline(request, _CHANGE_S)
    body = await read_body(request)
    sent, if_match = validate(PictureChange, parse_json(body)), read_if_match(request)
    made = claim(request, by.id, body)

    async def work() -> Answer:
        before = await _find(request)
        if not if_match.match(before.version):
            raise Problem(412, "The picture has another version by now; read it again.")
        return await _commit_change(request, before, changed(before, sent), made)

    answer = await request.app[STORE].answers.once(made, work)
    request.app[ANNOUNCER].wake()
    return answer.response()


def changed(before: Picture, sent: PictureChange) -> Picture:
    """The picture with the fields that were sent, and still with its old stamp."""
    texts = sent.model_dump(include={"alt", "caption", "credit", "decorative"}, exclude_none=True)
    x, y = sent.focal(before.facts.focal_x, before.facts.focal_y)
    return replace(before, facts=before.facts.model_copy(update={"focal_x": x, "focal_y": y}), **texts)


async def _commit_change(request: web.Request, before: Picture, after: Picture, made: Claim | None) -> Answer:
    store, uses = request.app[STORE], await _uses(request, before)
    if after == before:
        return picture_answer(before, uses, status=200)
    # The lease keeps the sweeper from a stamp that comes back.
    async with store.leases.held(before.folder):
        after = next_version(before, await changed_original(after, request.app[WORKER]), now())
        answer = picture_answer(after, uses, status=200)

        async def work(session: Session) -> Answer:
            if not await store.pictures.change(after, before, session):
                raise Problem(412, "The picture has another version by now; read it again.")
            await store.answers.keep(session, made, answer)
            return answer

        await store.mongo.transaction(work)
    if after.variants == "waiting":
        await request.app[WORKER].wake()
    return answer


async def delete_picture(request: web.Request) -> web.Response:
    """Delete a picture that no article uses."""
    by = await authorize(request, "delete")
    refuse_unknown(request.query, ())
    made, if_match = claim(request, by.id, b""), read_if_match(request, demanded=False)

    async def work() -> Answer:
        picture = await _find(request)
        if not if_match.match(picture.version):
            raise Problem(412, "The picture has another version by now; read it again.")
        uses = await request.app[REMOVAL].remove(picture, now())
        if uses:
            names = ", ".join(f"“{use.headline}”" for use in uses[:3])
            more = f" and {len(uses) - 3} more" if len(uses) > 3 else ""
            raise Problem(409, f"Articles use this picture: {names}{more}.")
        answer = Answer(204, b"", {})

        async def keep(session: Session) -> Answer:
            await request.app[STORE].answers.keep(session, made, answer)
            return answer

        return await request.app[STORE].mongo.transaction(keep)

    return (await request.app[STORE].answers.once(made, work)).response()


async def _find(request: web.Request) -> Picture:
    picture = await request.app[STORE].pictures.find(request.match_info["id"])
    if picture is None or picture.deleted_at is not None:
        raise Problem(404, "There is no picture with this id.")
    return picture


async def _uses(request: web.Request, picture: Picture) -> Sequence[PictureUse]:
    return (await request.app[INGESTION].uses([picture.id]))[picture.id]


async def list_records(request: web.Request) -> web.Response:
    """Pictures as ingestion keeps them; unknown ids are left out."""
    refuse_unknown(request.query, ("ids",))
    ids = [part for part in request.query.get("ids", "").split(",") if part]
    if len(ids) > MOST_IDS:
        raise field_problem("?ids", f"ids has at most {MOST_IDS} ids.")
    found = await request.app[STORE].pictures.by_ids(ids)
    answer = PictureRecords(items=[found[one].record() for one in dict.fromkeys(ids) if one in found])
    return json_response(answer.model_dump_json().encode())


_PICTURE = "/v1/media/{id:[0-9a-z]{26}}"
ROUTES = [
    *UPLOAD_ROUTES,
    web.get("/v1/media", list_pictures),
    web.get(_PICTURE, show_picture),
    web.patch(_PICTURE, change_picture),
    web.delete(_PICTURE, delete_picture),
    web.get("/internal/pictures", list_records),
    *FILE_ROUTES,
]
