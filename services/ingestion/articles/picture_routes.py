"""HTTP in: what media tells and asks about its pictures. The edge does not route these paths."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from services.ingestion.articles.fields import PictureId
from services.ingestion.articles.list_table import ListRow
from services.ingestion.articles.picture_changes import take_record
from services.ingestion.articles.requests import ARTICLES
from services.ingestion.pictures.media_client import MOST_IDS
from services.ingestion.pictures.records import has_sound_names
from shared.errors import Problem
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_model, refuse_unknown
from shared.pictures import PictureRecord
from shared.times import now

# Of a picture that thousands of articles show, people look at the newest ones.
MOST_USES = 100


class UsesRequest(BaseModel):
    """Pictures whose uses are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: Annotated[tuple[PictureId, ...], Field(max_length=MOST_IDS)]


async def take_picture(request: web.Request) -> web.Response:
    """Keep a picture's new version; answers when every public article that shows it was sent again."""
    refuse_unknown(request.query, ())
    record = await read_model(request, PictureRecord)
    if not has_sound_names(record):
        raise field_problem("/facts", "No addresses can be made of these facts.")
    await take_record(request.app[ARTICLES], record, now)
    return json_response({})


async def show_uses(request: web.Request) -> web.Response:
    """Show the articles that use each of some pictures: as working copies, public texts or schedules; the newest 100."""
    refuse_unknown(request.query, ())
    ids = (await read_model(request, UsesRequest)).ids
    lists = request.app[ARTICLES].lists
    await lists.refresh()
    uses = {
        picture_id: [_use(row, picture_id) for row in lists.table.using(picture_id)[:MOST_USES]] for picture_id in ids
    }
    return json_response({"uses": uses})


async def forget_picture(request: web.Request) -> web.Response:
    """Forget a picture that media has deleted; 409 while an article uses it."""
    refuse_unknown(request.query, ())
    store, picture_id = request.app[ARTICLES], request.match_info["id"]
    found = [_use(row, picture_id) for row in await store.lists.using(picture_id)]
    if found:
        return json_response(
            {**Problem(409, "An article uses the picture.").as_dict(), "uses": found[:MOST_USES]}, status=409
        )
    await store.pictures.store.forget(picture_id)
    return web.Response(status=204)


def _use(row: ListRow, picture_id: str) -> dict[str, object]:
    return {
        "article_id": row.article_id,
        "headline": row.headline,
        "status": row.status,
        "lead": picture_id in row.lead_picture_ids,
    }


ROUTES = [
    web.post("/internal/pictures", take_picture),
    web.post("/internal/pictures/uses", show_uses),
    web.delete("/internal/pictures/{id:[0-9a-z]{1,40}}", forget_picture),
]
