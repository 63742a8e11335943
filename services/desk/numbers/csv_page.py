"""Numbers as CSV: popularity's file, on behalf of the person who is signed in."""

from aiohttp import web

from services.desk.keys import POPULARITY
from services.desk.numbers.paths import CSV
from services.desk.numbers.reading import API
from services.desk.visit import call
from shared.http.problems import SECURITY_HEADERS

# Parameters that are passed on.
_PARAMS = ("article_id", "section", "tag", "from", "to", "by")
_WAIT_S = 30.0


async def download_csv(request: web.Request) -> web.Response:
    """The rows of a span."""
    params = {name: request.query[name] for name in _PARAMS if request.query.get(name)}
    found = await call(request, POPULARITY, "GET", f"{API}.csv", params=params, timeout_s=_WAIT_S)
    days = "-".join(params[name][:10] for name in ("from", "to") if name in params)
    by = "".join(letter for letter in params.get("by", "") if letter.isalpha())
    name = "-".join(filter(None, ("numbers", by, "".join(letter for letter in days if letter in "0123456789-"))))
    headers = {
        **SECURITY_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}.csv"',
    }
    return web.Response(body=found.body, content_type="text/csv", charset="utf-8", headers=headers)


ROUTES = [web.get(CSV, download_csv)]
