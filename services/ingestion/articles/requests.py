"""The steps that routes of articles share: rights, bodies, idempotency keys, preconditions, parameters."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from services.ingestion.articles.acts import Origin
from services.ingestion.articles.changes import ChangeRequest
from services.ingestion.articles.rules import Article, Author
from services.ingestion.articles.store import ArticleStore
from services.ingestion.people.access import authorize, client_network
from services.ingestion.people.actor import Actor
from services.ingestion.people.roles import Right
from shared.errors import Problem
from shared.http.idempotency import Answer, claim
from shared.http.problems import field_problem
from shared.http.requests import Tags, read_body, read_cursor, read_if_match, refuse_unknown
from shared.site.site import Site
from shared.text import SEARCH_LINE, tidy
from shared.times import now

ARTICLES = web.AppKey("articles", ArticleStore)
SITE = web.AppKey("site", Site)
LONGEST_SEARCH = 200
ID = "{id:[0-9a-z]{26}}"


async def read_write(
    request: web.Request, right: Right, known: Sequence[str] = (), *, may_be_empty: bool = False
) -> tuple[Actor, bytes]:
    """The actor of a write, and the body. 403 without the right, 422 for a parameter that is not `known`.

    With `may_be_empty`, neither body nor content type is needed.
    """
    actor = await authorize(request, right)
    refuse_unknown(request.query, known)
    empty = may_be_empty and not request.can_read_body
    return actor, b"" if empty else await read_body(request)


async def answer_once(
    request: web.Request, actor: Actor, body: bytes, work: Callable[[ChangeRequest], Awaitable[Answer]]
) -> web.Response:
    """The answer of `work`, or the stored answer to the same idempotency key."""
    author, origin = Author(id=actor.id, name=actor.name), origin_of(request, actor)
    change = ChangeRequest(author, now(), claim(request, actor.id, body), origin)
    answer = await request.app[ARTICLES].answers.once(change.claim, lambda: work(change))
    return answer.response()


def origin_of(request: web.Request, actor: Actor) -> Origin:
    """The actor and the network, for the audit log."""
    return Origin(actor.id, actor.name, actor.via, client_network(request))


async def find_article(request: web.Request) -> Article:
    """The article of the path; 404 when there is none."""
    article = await request.app[ARTICLES].find(request.match_info["id"])
    if article is None:
        raise Problem(404, "There is no such article.")
    return article


async def article_as_read(request: web.Request) -> Article:
    """The article at the version in If-Match; 428 without the header, 412 for another version."""
    tags = read_if_match(request, demanded=False)
    recent = None if tags.any else request.app[ARTICLES].find_recent(request.match_info["id"], tags.match)
    if recent is not None and recent.picture_ids:
        # Another process may have made a new version of the same text.
        recent = None
    article = recent or await find_article(request)
    check_as_read(article, read_if_match(request))
    return article


def check_as_read(article: Article, tags: Tags) -> None:
    """412 unless the tags name the article's version, or an earlier one with the same text: only pictures changed since."""
    if not any(tags.match(version) for version in range(article.text_version, article.version + 1)):
        raise Problem(412, "Someone else has changed the article; read it again.")


def cursor_number(request: web.Request) -> int | None:
    """The number in `?cursor=` at which the page before ended; 400 for another text."""
    parts = read_cursor(request.query, 1)
    if parts is None:
        return None
    if not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 13):
        raise field_problem("?cursor", "It is not a cursor of this API.", status=400)
    return int(parts[0])


def read_section(request: web.Request) -> str | None:
    """`?section=`, None without it; 422 for a section that the site does not have."""
    section = request.query.get("section") or None
    if section is not None and request.app[SITE].section(section) is None:
        raise field_problem("?section", "There is no such section.")
    return section


def read_search(text: str) -> tuple[str, ...]:
    """The words of `?q=`; 422 when it is too long or has control characters."""
    if len(text) > LONGEST_SEARCH:
        raise field_problem("?q", f"q is at most {LONGEST_SEARCH} characters long.")
    try:
        return tuple(tidy(text, SEARCH_LINE).split())
    except ValueError as error:
        raise field_problem("?q", "q holds no control characters.") from error
