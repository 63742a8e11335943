"""Two versions of an article side by side: word differences of each field, as readers see it or as it was typed."""

import asyncio

from aiohttp import web

from services.desk.api import Json
from services.desk.articles.compare_rules import Mode, VersionText, compare, version_text
from services.desk.articles.copy import facts_of
from services.desk.articles.paths import PATH
from services.desk.articles.revisions_page import RevisionFacts, revision_of
from services.desk.visit import VISIT, Visit, items_of, page
from shared.errors import Problem

_MOST_REVISIONS = "100"


async def show_comparison(request: web.Request) -> web.Response:
    """The differences from one version to another. The older one is shown first, whatever the order in the address."""
    visit, path = request[VISIT], f"/v1/articles/{request.match_info['id']}"
    article = (await visit.get(path)).json
    wanted = sorted(_number(visit, request.query.get(name, "")) for name in ("from", "to"))
    (old_facts, old), (new_facts, new) = [await _version(visit, path, article, number) for number in wanted]
    mode: Mode = "raw" if request.query.get("view") == "raw" else "rendered"
    return page(
        request,
        "articles/compare.html",
        article=facts_of(article),
        old=old,
        new=new,
        old_facts=old_facts,
        new_facts=new_facts,
        comparison=await asyncio.to_thread(compare, old, new, mode),
        mode=mode,
        base=request.path,
    )


def _number(visit: Visit, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        raise Problem(404, visit.words.text("compare.choose"))
    return int(text)


async def _version(visit: Visit, path: str, article: Json, number: int) -> tuple[RevisionFacts | None, VersionText]:
    """A version's text; without facts for a working copy that has no revision of its own.

    Of automatic saves only some have a revision: for another, the newest one before it.
    """
    present = int(str(article["version"]))
    number = min(number, present)
    found = await _revision(visit, path, number)
    if found is None and number == present:
        return None, version_text(number, article, str(article["body_html"]))
    if found is None:
        found = await _revision(visit, path, await _newest_before(visit, path, number))
    assert found is not None
    content = found["content"]
    assert isinstance(content, dict)
    return revision_of(found), version_text(int(str(found["version"])), content, str(found["body_html"]))


async def _revision(visit: Visit, path: str, number: int) -> Json | None:
    try:
        return (await visit.get(f"{path}/revisions/{number}")).json
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


async def _newest_before(visit: Visit, path: str, number: int) -> int:
    found = await visit.get(f"{path}/revisions", limit=_MOST_REVISIONS)
    versions = [revision_of(item).version for item in items_of(found.json)]
    older = max((version for version in versions if version < number), default=None)
    if older is None:
        raise Problem(404, visit.words.text("compare.choose"))
    return older


ROUTES = [web.get(f"{PATH}/compare", show_comparison)]
