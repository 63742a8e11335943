"""The audit log, for admins: who did what to what."""

from urllib.parse import urlencode

from aiohttp import web

from services.desk.people.admins import admins_only
from services.desk.visit import VISIT, items_of, moment_of, page

FILTERS = ("actor", "action", "object")


@admins_only
async def show_audit(request: web.Request) -> web.Response:
    """Entries that pass the filters of the address, newest first."""
    filters = {name: request.query.get(name, "").strip() for name in FILTERS}
    found = await request[VISIT].get("/v1/audit", limit="50", cursor=request.query.get("cursor"), **filters)
    entries = [{**entry, "at": moment_of(entry.get("at"))} for entry in items_of(found.json)]
    cursor = found.json.get("next_cursor")
    older = "" if cursor is None else f"/desk/audit?{urlencode({**filters, 'cursor': str(cursor)})}"
    return page(request, "people/audit.html", filters=filters, entries=entries, older=older)


ROUTES = [web.get("/desk/audit", show_audit)]
