"""The list of articles, the desk's first page."""

from aiohttp import web

from services.desk.articles.copy import facts_of
from services.desk.visit import VISIT, items_of, page

FILTERS = ("status", "section", "tag", "q", "language", "byline", "by", "scheduled", "changed", "submitted")
_LIMIT = "30"


async def show_list(request: web.Request) -> web.Response:
    """Articles that pass the filters of the address, newest first."""
    visit = request[VISIT]
    filters = {name: request.query.get(name, "") for name in FILTERS}
    found = await visit.get("/v1/articles", limit=_LIMIT, cursor=request.query.get("cursor"), **filters)
    articles = [facts_of(item) for item in items_of(found.json)]
    return page(
        request, "articles/list.html", articles=articles, filters=filters, next_cursor=found.json.get("next_cursor")
    )


ROUTES = [web.get("/desk", show_list)]
