"""The page of a refused vote or report, for a browser without scripts. Other clients get problem details."""

import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from services.comments.model.keys import STORE
from services.comments.plain_page import headers_of, style_of, templates_of
from shared.errors import Problem, Unavailable
from shared.http.requests import FORM_TYPE
from shared.site.site import Site
from shared.site.words import primary

_HERE = Path(__file__).parent
_WORDS = tomllib.loads((_HERE / "refusal_words.toml").read_text("utf-8"))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusalPages:
    """The page in one site's colours. It loads nothing."""

    def __init__(self, site: Site) -> None:
        self._template = templates_of(_HERE).get_template("refusal_page.html")
        self._site = site
        self._style = style_of(site)

    def page(self, problem: Problem, back: str, article_language: str) -> web.Response:
        """The page of a problem, in the article's language or the site's; `back` is a path of the site."""
        wanted = (primary(article_language), primary(self._site.language), "en")
        language = next(code for code in wanted if code in _WORDS)
        words = _WORDS[language]
        detail = words.get(str(problem.status), words["other"])
        html = self._template.render(
            site=self._site, style=self._style, language=language, words=words, detail=detail, back=back
        )
        headers = {**headers_of(self._style), **problem.headers}
        return web.Response(status=problem.status, text=html, content_type="text/html", headers=headers)


REFUSAL_PAGES = web.AppKey("refusal_pages", RefusalPages)


def with_pages(handler: Handler) -> Handler:
    """A handler whose problems are pages for a browser that sent a form."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.content_type != FORM_TYPE or "text/html" not in request.headers.get("Accept", ""):
            return await handler(request)
        try:
            return await handler(request)
        except Unavailable:
            problem = Problem(503, "A part of the site does not answer; try again.", headers={"Retry-After": "2"})
        except Problem as refused:
            problem = refused
        back = _back(request.headers.get("Referer", ""), request.host)
        return request.app[REFUSAL_PAGES].page(problem, back, await _language(request))

    answer.__name__ = handler.__name__
    return answer


async def _language(request: web.Request) -> str:
    """The language of the comment's article, empty when unknown."""
    store = request.app[STORE]
    try:
        comment = await store.comments.find(request.match_info["id"])
        article = None if comment is None else await store.articles.find(comment.article_id)
    except Unavailable:
        return ""
    return "" if article is None else article.language


def _back(referer: str, host: str) -> str:
    """The path of the page with the form; `/` when another site sent it."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return "/"
    is_ours = parts.scheme in ("http", "https") and parts.netloc == host
    return f"/{parts.path.lstrip('/')}{f'?{parts.query}' if parts.query else ''}" if is_ours else "/"
