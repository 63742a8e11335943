"""The differences between two texts of the editor, as a part of its page. For texts that a browser kept."""

import asyncio

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from services.desk.articles.merge_view import Values, field_differences, form_values
from services.desk.keys import SITE
from services.desk.visit import page
from shared.http.requests import read_model


class SentTexts(BaseModel):
    """Two texts in the fields of the articles' API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: dict[str, object]
    new: dict[str, object]


async def compare(request: web.Request) -> web.Response:
    """What the new text adds and removes."""
    texts = await read_model(request, SentTexts)
    old, new = form_values(texts.old), form_values(texts.new)
    fields = await asyncio.to_thread(_compare, old, new)
    language = new.get("language") or request.app[SITE].language
    return page(request, "articles/compare_part.html", fields=fields, language=language)


def _compare(old: Values, new: Values) -> object:
    return field_differences(old, new)


ROUTES = [web.post("/desk/articles/differences", compare)]
