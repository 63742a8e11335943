"""A wall screen: big numbers that load themselves again. All its settings are in the address."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from services.desk.keys import SITE
from services.desk.numbers.live import live_of
from services.desk.numbers.paths import PATH, WALL
from services.desk.numbers.reading import Scope, read_part
from services.desk.numbers.scope_page import today_of
from services.desk.numbers.view import NumbersVisit
from services.desk.visit import page

PARTS = ("now", "today", "articles", "sections")
# Seconds between two loads, and rows of articles.
REFRESHES = (5, 15, 30, 60)
ROWS = (5, 10, 20)


@dataclass(frozen=True)
class WallSettings:
    """The settings in the address: the parts, a section or none, rows of articles, seconds between two loads."""

    parts: Sequence[str]
    section: str
    rows: int
    refresh_s: int


def read_wall(query: Mapping[str, str], sections: Sequence[str], parts: Sequence[str]) -> WallSettings:
    """The settings; what is missing or unknown takes its usual value, since nobody reads errors on a wall."""
    section = query.get("section", "")
    return WallSettings(
        parts=[part for part in PARTS if part in parts] or list(PARTS),
        section=section if section in sections else "",
        rows=_choice(query.get("rows"), ROWS, 10),
        refresh_s=_choice(query.get("refresh"), REFRESHES, 15),
    )


async def show_wall(request: web.Request) -> web.Response:
    """The screen."""
    slugs = [section.slug for section in request.app[SITE].sections]
    shown = read_wall(request.query, slugs, request.query.getall("show", []))
    visit = NumbersVisit(request, Scope("section", shown.section) if shown.section else Scope())
    live, today = await asyncio.gather(
        read_part(request, "/now"), visit.figure("today", visit.words.text("numbers.today"), today_of(visit))
    )
    return page(
        request, "numbers/wall.html", visit=visit, wall=shown, today=today, parts=PARTS, rows=ROWS, refreshes=REFRESHES,
        live=None if live is None else live_of(live, visit.words, section=shown.section, most=shown.rows),
        numbers_path=PATH,
    )  # fmt: skip


def _choice(text: str | None, choices: Sequence[int], usual: int) -> int:
    return next((choice for choice in choices if str(choice) == text), usual)


ROUTES = [web.get(WALL, show_wall)]
