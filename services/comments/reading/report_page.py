"""The page where a reader without scripts reports a comment. Its form is that of the article's page."""

import tomllib
from pathlib import Path

from aiohttp import web

from services.comments.model.keys import STORE
from services.comments.model.records import ArticleCopy, Comment
from services.comments.plain_page import headers_of, style_of, templates_of
from services.comments.reading.comments import find_public
from services.comments.reading.contract import LONGEST_NOTE, REPORT_REASONS
from services.comments.reading.keys import ARTICLE_LOOKUP
from shared.site.site import Site
from shared.site.words import primary

_HERE = Path(__file__).parent
_WORDS = tomllib.loads((_HERE / "report_words.toml").read_text("utf-8"))


class ReportPages:
    """The page in one site's colours. It loads nothing."""

    def __init__(self, site: Site) -> None:
        self._template = templates_of(_HERE).get_template("report_page.html")
        self._site = site
        self._style = style_of(site)

    def page(self, comment: Comment, article: ArticleCopy) -> web.Response:
        """The form, in the article's language or the site's."""
        wanted = (primary(article.language), primary(self._site.language), "en")
        language = next(code for code in wanted if code in _WORDS)
        html = self._template.render(
            site=self._site, style=self._style, language=language, words=_WORDS[language], reasons=REPORT_REASONS,
            longest=LONGEST_NOTE, name=comment.name, headline=article.headline,
            back=f"{article.url}?comment={comment.id}",
        )  # fmt: skip
        return web.Response(text=html, content_type="text/html", headers=headers_of(self._style))


REPORT_PAGES = web.AppKey("report_pages", ReportPages)


async def show_form(request: web.Request) -> web.Response:
    """Show the form of a report; 404 for a comment that readers cannot see."""
    comment, article = await find_public(request.app[STORE], request.app[ARTICLE_LOOKUP], request.match_info["id"])
    return request.app[REPORT_PAGES].page(comment, article)


ROUTES = [web.get("/v1/comments/{id:[A-Za-z0-9_-]{1,64}}/report", show_form)]
