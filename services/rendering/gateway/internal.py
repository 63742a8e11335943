"""What the desk and ingestion ask a gateway, below `/internal`. The edge passes none of it on.

Beside the handler of the public paths, with the usual middlewares: no reader waits for these.
"""

import asyncio
from dataclasses import replace

from aiohttp import web

from services.rendering.gateway.invalidation import Invalidation
from services.rendering.gateway.traces import Traces
from services.rendering.pages import layout
from services.rendering.pages.models import ArticleView
from services.rendering.pages.page import Page
from services.rendering.pages.popular import Block, PopularNews
from services.rendering.pages.preview import PreviewArticle, as_published, preview_kind
from services.rendering.pages.reading import Reading
from services.rendering.pages.templates import Templates
from services.rendering.readmodel.store import ReadModel
from shared.errors import Problem, Unavailable
from shared.events import ArticleState
from shared.http.middleware import answer_problems, observe
from shared.http.problems import json_response
from shared.http.ready_response import DateLine
from shared.http.requests import read_model
from shared.site.words import primary
from shared.times import Clock, rfc3339

PREFIX = "/internal"
# Above ingestion's own limit: its answer has the text twice, as Markdown and as HTML.
LARGEST_BODY_BYTES = 8 * 1024 * 1024
# A preview waits no longer for the articles around it.
_RELATED_WITHIN_S = 0.5


class InternalHandler:
    """Answers the platform's own services."""

    def __init__(
        self,
        *,
        model: ReadModel,
        templates: Templates,
        popular: PopularNews,
        invalidation: Invalidation,
        traces: Traces,
        date: DateLine,
        clock: Clock,
    ) -> None:
        self._model = model
        self._templates = templates
        self._popular = popular
        self._invalidation = invalidation
        self._traces = traces
        self._date = date
        self._clock = clock

    async def preview(self, request: web.Request) -> web.Response:
        """The page that an article would have (`pages/preview.py`)."""
        article = as_published(await read_model(request, PreviewArticle), self._clock())
        view = replace(await self._view(article), preview=True)
        block = Block(None, primary(article.language))
        kind = preview_kind(self._templates.assets.style_source)
        page = Page(self._date, kind, self._templates.article(view).encode(), block=block)
        form = page.encode("identity", self._popular.fragment(block))
        return web.Response(body=form.content, headers=dict(form.headers))

    async def _view(self, article: ArticleState) -> ArticleView:
        alone = layout.article_alone(article, self._clock())
        try:
            async with asyncio.timeout(_RELATED_WITHIN_S):
                return await layout.with_related(Reading(self._model), article, alone)
        except (Unavailable, TimeoutError):
            return alone

    async def trace(self, request: web.Request) -> web.Response:
        """The newest version of an article in the read model, and its times. Times that this gateway does not know are null."""
        article_id = request.match_info["id"]
        found = await Reading(self._model).stored_article(article_id)
        if found is None:
            raise Problem(404, "There is no such article.")
        stored, version = found
        trace = self._traces.find(article_id, version)
        return json_response(
            {
                "version": stored.seen,
                "projected_at": rfc3339(trace.projected_at) if trace else None,
                "visible_at": rfc3339(trace.visible_at) if trace else None,
            }
        )

    async def state(self, _: web.Request) -> web.Response:
        """Whether this gateway follows its log, and for how long the log has been silent."""
        silent_s = round(self._invalidation.silent_s, 3)
        return json_response({"is_following": self._invalidation.is_following, "silent_s": silent_s})


def internal_app(handler: InternalHandler) -> web.Application:
    """The application below PREFIX. A path without a route gets problem details, never a reader's page."""
    app = web.Application(middlewares=(observe, answer_problems))
    app.add_routes(
        [
            web.post("/preview", handler.preview),
            web.get("/articles/{id:[0-9A-Za-z_-]{1,64}}/trace", handler.trace),
            web.get("/state", handler.state),
        ]
    )
    return app
