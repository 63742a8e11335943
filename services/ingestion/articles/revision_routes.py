"""HTTP in: revisions. A list, one whole, and restore."""

from aiohttp import web

from services.ingestion.articles import changes
from services.ingestion.articles.changes import ChangeRequest
from services.ingestion.articles.picture_changes import html_with_pictures
from services.ingestion.articles.records import Revision
from services.ingestion.articles.requests import (
    ARTICLES,
    ID,
    SITE,
    answer_once,
    article_as_read,
    cursor_number,
    find_article,
    read_write,
)
from services.ingestion.articles.revision_contract import (
    RevisionAnswer,
    RevisionContent,
    RevisionList,
    SentRestore,
    WholeRevisionAnswer,
)
from services.ingestion.articles.rules import Article
from services.ingestion.articles.schedule_rules import right_to_edit
from services.ingestion.people.access import authorize, require
from shared.errors import Problem
from shared.http.idempotency import Answer
from shared.http.problems import json_response
from shared.http.requests import parse_json, read_limit, refuse_unknown, validate, write_cursor


async def list_revisions(request: web.Request) -> web.Response:
    """List an article's revisions, newest first."""
    await authorize(request, "read")
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, before = read_limit(request.query), cursor_number(request)
    article = await find_article(request)
    found, last = await request.app[ARTICLES].revisions.page(article.id, before, limit, article.version)
    cursor = None if last is None else write_cursor(str(last))
    answer = RevisionList(items=[_answer(revision) for revision in found], next_cursor=cursor)
    return json_response(answer.model_dump_json().encode())


async def show_revision(request: web.Request) -> web.Response:
    """Show one revision with its HTML."""
    await authorize(request, "read")
    refuse_unknown(request.query, ())
    revision = await _find(request, await find_article(request))
    shown = _answer(revision)
    html = await html_with_pictures(request.app[ARTICLES], shown.content.body_markdown)
    answer = WholeRevisionAnswer(**shown.model_dump(), body_html=html)
    return json_response(answer.model_dump_json().encode())


async def restore_revision(request: web.Request) -> web.Response:
    """Make a revision's text the working copy."""
    actor, body = await read_write(request, "edit drafts", may_be_empty=True)

    async def work(change: ChangeRequest) -> Answer:
        validate(SentRestore, parse_json(body or b"{}"))
        article = await article_as_read(request)
        require(actor, right_to_edit(article))
        revision = await _find(request, article)
        return await changes.restore(request.app[ARTICLES], request.app[SITE], change, article, revision)

    return await answer_once(request, actor, body, work)


async def _find(request: web.Request, article: Article) -> Revision:
    version = int(request.match_info["version"])
    revision = await request.app[ARTICLES].revisions.find(article.id, version)
    if revision is None:
        raise Problem(404, "There is no revision of this version.")
    return revision


def _answer(revision: Revision) -> RevisionAnswer:
    return RevisionAnswer(
        version=revision.version,
        action=revision.action,
        at=revision.at,
        by=revision.by.name,
        by_id=revision.by.id,
        note=revision.note,
        content=RevisionContent.model_validate(revision.content),
    )


_VERSION = "{version:[1-9][0-9]{0,8}}"
ROUTES = [
    web.get(f"/v1/articles/{ID}/revisions", list_revisions),
    web.get(f"/v1/articles/{ID}/revisions/{_VERSION}", show_revision),
    web.post(f"/v1/articles/{ID}/revisions/{_VERSION}/restore", restore_revision),
]
