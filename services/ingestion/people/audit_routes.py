"""HTTP in: the audit log, for admins. Reading is all there is."""

import re

from aiohttp import web

from services.ingestion.people.access import authorize
from services.ingestion.people.audit import AuditFilters, AuditLog
from services.ingestion.people.audit_contract import LONGEST_FILTER, AuditEntryAnswer, AuditPage
from shared.http.problems import field_problem, json_response
from shared.http.requests import read_cursor, read_limit, refuse_unknown, write_cursor

AUDIT = web.AppKey("audit", AuditLog)

_ACTION = re.compile(r"[a-z][a-z-]*(\.[a-z][a-z-]*)?")


async def list_audit(request: web.Request) -> web.Response:
    """List acts that pass the filters, newest first."""
    await authorize(request, "audit")
    refuse_unknown(request.query, ("actor", "action", "object", "limit", "cursor"))
    filters, limit, before = _filters(request), read_limit(request.query), _cursor_number(request)
    found, last = await request.app[AUDIT].page(filters, before, limit)
    cursor = None if last is None else write_cursor(str(last))
    answer = AuditPage(items=[AuditEntryAnswer.of(entry) for entry in found], next_cursor=cursor)
    return json_response(answer.model_dump_json().encode())


def _filters(request: web.Request) -> AuditFilters:
    """The filters of the list. An empty parameter counts as absent."""
    query = {name: value for name, value in request.query.items() if value}
    for name in ("actor", "action", "object"):
        if len(query.get(name, "")) > LONGEST_FILTER:
            raise field_problem(f"?{name}", f"{name} is at most {LONGEST_FILTER} characters long.")
    action = query.get("action")
    if action is not None and _ACTION.fullmatch(action) is None:
        raise field_problem("?action", "action is a name such as article.publish, or its first part, such as article.")
    return AuditFilters(query.get("actor"), action, query.get("object"))


def _cursor_number(request: web.Request) -> int | None:
    parts = read_cursor(request.query, 1)
    if parts is None:
        return None
    if not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 13):
        raise field_problem("?cursor", "It is not a cursor of this API.", status=400)
    return int(parts[0])


ROUTES = [
    web.get("/v1/audit", list_audit),
]
