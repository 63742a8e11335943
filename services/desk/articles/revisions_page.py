"""The revisions of an article: who saved what and when, two of them to compare, each to restore."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.desk.articles.copy import facts_of
from services.desk.articles.paths import PATH
from services.desk.visit import VISIT, items_of, moment_of, page

_LIMIT = "30"


@dataclass(frozen=True)
class RevisionFacts:
    """A revision as pages show it. `note_time`: the note of a schedule is a time."""

    version: int
    action: str
    at: datetime
    by: str
    note: str
    note_time: datetime | None


def revision_of(found: Mapping[str, object]) -> RevisionFacts:
    """A revision in an answer of ingestion."""
    at, note, action = moment_of(found["at"]), str(found.get("note") or ""), str(found["action"])
    assert at is not None
    return RevisionFacts(
        version=int(str(found["version"])),
        action=action,
        at=at,
        by=str(found["by"]),
        note="" if action == "schedule" else note,
        note_time=moment_of(note) if action == "schedule" and note else None,
    )


async def list_revisions(request: web.Request) -> web.Response:
    """One page of revisions, newest first."""
    visit, path = request[VISIT], f"/v1/articles/{request.match_info['id']}"
    cursor = request.query.get("cursor", "")
    article, found = await asyncio.gather(visit.get(path), visit.get(f"{path}/revisions", limit=_LIMIT, cursor=cursor))
    facts, revisions = facts_of(article.json), [revision_of(item) for item in items_of(found.json)]
    return page(
        request,
        "articles/revisions.html",
        article=facts,
        revisions=revisions,
        # Of automatic saves only some have a revision.
        is_ahead=not cursor and bool(revisions) and revisions[0].version < facts.version,
        is_first_page=not cursor,
        next_cursor=found.json.get("next_cursor"),
        base=request.path,
    )


ROUTES = [web.get(f"{PATH}/revisions", list_revisions)]
