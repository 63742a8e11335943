"""The checklist over HTTP: of the fields that a script sends, and of a stored article as a part of a page."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import RootModel

from services.desk.articles.checklist import Finding, findings_of, media_ids, outline
from services.desk.articles.copy import values_of
from services.desk.articles.list_page import or_nothing
from services.desk.articles.paths import PATH
from services.desk.keys import LINK_CHECKER
from services.desk.media.lookup import look_up
from services.desk.visit import VISIT, page, words_of
from services.desk.words import Words
from shared.http.requests import read_model

_KINDS = ("tags", "bylines")
# The most used names of each kind: the rest of a large archive adds more doubt than help.
_MOST_NAMES = "1000"
_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


class SentFields(RootModel[dict[str, str]]):
    """The editor's fields by name."""


@dataclass(frozen=True)
class CheckedFields:
    """What was found, and its texts. `unchecked_links`: links that could not be asked."""

    findings: Sequence[Finding]
    texts: Sequence[str]
    unchecked_links: int


async def check_fields(request: web.Request) -> web.Response:
    """Check the fields of a form as they are now."""
    sent = await read_model(request, SentFields)
    checked = await run_checks(request, sent.root)
    found = [
        {"name": one.name, "field": one.place, "text": text}
        for one, text in zip(checked.findings, checked.texts, strict=True)
    ]
    answer = {"checks": found, "unchecked_links": checked.unchecked_links}
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def show_checks(request: web.Request) -> web.Response:
    """The checklist of the working copy, as a part of a page."""
    found = await request[VISIT].get(f"/v1/articles/{request.match_info['id']}")
    return page(request, "articles/checks.html", checked=await run_checks(request, values_of(found.json)))


async def run_checks(request: web.Request, values: Mapping[str, str]) -> CheckedFields:
    """Check the form's fields. Without suggestions, links or pictures in time, the other checks remain."""
    text = await asyncio.to_thread(outline, values.get("body_markdown", ""))
    links = [*text.links, *(address for address, _ in text.pictures), values.get("picture_url", "")]
    known, report, library = await asyncio.gather(
        _names_in_use(request),
        request.app[LINK_CHECKER].check(links),
        look_up(request, media_ids(values, text)),
    )
    findings = await asyncio.to_thread(findings_of, values, text, known, report.missing, library)
    words = words_of(request)
    return CheckedFields(findings, [_text(words, one) for one in findings], report.unchecked)


def _text(words: Words, finding: Finding) -> str:
    """The finding's text. Each address and name keeps its own direction in it."""
    shown = {
        name: words.number(value) if isinstance(value, int) else f"{_ISOLATE}{value}{_POP_ISOLATE}"
        for name, value in finding.values.items()
    }
    return words.text(f"check.{finding.name}", **shown)


async def _names_in_use(request: web.Request) -> Sequence[str]:
    visit = request[VISIT]
    answers = await asyncio.gather(
        *(or_nothing(visit.get("/v1/articles/terms", kind=kind, limit=_MOST_NAMES)) for kind in _KINDS)
    )
    found = [answer.get("items") for answer in answers]
    return [str(name) for names in found if isinstance(names, list) for name in names]


ROUTES = [
    web.post("/desk/checks", check_fields),
    web.get(f"{PATH}/checks", show_checks),
]
