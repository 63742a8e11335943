"""The page of a refused vote or report, for a browser without scripts. Other clients get problem details."""

import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from services.comments.model.keys import STORE
from services.comments.plain_forms import answer_or_problem, back_path, is_sent_by_page
from services.comments.plain_page import headers_of, style_of, templates_of
from shared.errors import Problem, Unavailable
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
        if not is_sent_by_page(request):
            return await handler(request)
        response = await answer_or_problem(request, handler)
        if isinstance(response, Problem):
            return request.app[REFUSAL_PAGES].page(response, back_path(request), await _language(request))
        return response

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
