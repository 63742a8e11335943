"""The steps that routes of articles share: rights, bodies, idempotency keys, preconditions."""

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
from shared.http.requests import read_body, read_if_match, refuse_unknown
from shared.site.site import Site
from shared.times import now

ARTICLES = web.AppKey("articles", ArticleStore)
SITE = web.AppKey("site", Site)
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
    article = recent or await find_article(request)
    if not read_if_match(request).match(article.version):
        raise Problem(412, "Someone else has changed the article; read it again.")
    return article
