"""HTTP in: previews of working copies, for people without an account."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from aiohttp import web

from services.ingestion.articles.contract import ArticleAnswer, PreviewAnswer
from services.ingestion.articles.picture_changes import with_known_pictures
from services.ingestion.articles.preview_store import PreviewStore
from services.ingestion.articles.requests import ARTICLES, check_as_read, find_article
from services.ingestion.articles.rules import Author
from services.ingestion.people.access import authorize, client_network
from shared.errors import Problem
from shared.http.app import SETTINGS
from shared.http.bearer import read_credential
from shared.http.problems import json_response
from shared.http.requests import read_idempotency_key, read_if_match, refuse_unknown
from shared.times import now

PREVIEWS = web.AppKey("previews", PreviewStore)


async def make_preview(request: web.Request) -> web.Response:
    """Make an unguessable address that shows the working copy for a day."""
    actor = await authorize(request, "create")
    refuse_unknown(request.query, ())
    article = await find_article(request)
    check_as_read(article, read_if_match(request, demanded=False))
    token, author, at = _token(request), Author(id=actor.id, name=actor.name), now()
    preview = await request.app[PREVIEWS].add(token, article.id, author, at)
    if preview.article_id != article.id:
        raise Problem(422, "This Idempotency-Key was used for another request.")
    if preview.made_at == at:
        details = {"version": article.version}
        await request.app[ARTICLES].audit.note(
            actor, "article.preview", article.id, client_network(request), at, details
        )
    url = f"{request.app[SETTINGS].site_url}/desk/preview/{token}"
    return json_response(PreviewAnswer(url=url, expires_at=preview.expires_at).model_dump_json().encode())


async def show_preview(request: web.Request) -> web.Response:
    """Show a preview's working copy, for the desk: the edge does not route this path."""
    preview = await request.app[PREVIEWS].find(request.match_info["token"], now())
    article = None if preview is None else await request.app[ARTICLES].find(preview.article_id)
    if article is None:
        raise Problem(404, "There is no such preview, or it is too old.")
    article = await with_known_pictures(request.app[ARTICLES], article)
    return json_response(ArticleAnswer.of(article).model_dump_json().encode())


def _token(request: web.Request) -> str:
    """256 unguessable bits.

    A repeated Idempotency-Key must give the same answer, and no answer with a token may be stored: the token then follows
    from the key and the sender's own secret.
    """
    key = read_idempotency_key(request)
    if key is None:
        return secrets.token_urlsafe(32)
    secret = read_credential(request, request.app[SETTINGS].site_url).token.encode("utf-8", "surrogateescape")
    digest = hmac.digest(secret, b"preview:" + key.encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


ROUTES = [
    web.post("/v1/articles/{id:[0-9a-z]{26}}/preview", make_preview),
    web.get("/internal/previews/{token:[A-Za-z0-9_-]{43}}", show_preview),
]
