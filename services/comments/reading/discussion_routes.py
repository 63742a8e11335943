"""HTTP in: the state of a discussion, for readers and moderators. `moderation/discussion_routes.py` changes it."""

from aiohttp import web

from services.comments.access.moderators import is_moderator
from services.comments.model.keys import CURRENT_RULES
from services.comments.model.records import ArticleCopy
from services.comments.reading.contract import DiscussionAnswer, ModeratedDiscussion
from services.comments.reading.keys import ARTICLE_LOOKUP, DISCUSSIONS
from services.comments.reading.state import public_state
from shared.http.problems import json_response
from shared.http.requests import refuse_unknown
from shared.times import now


async def show_discussion(request: web.Request) -> web.Response:
    """Show whether a discussion is open; its settings too to a moderator."""
    refuse_unknown(request.query, ())
    if await is_moderator(request):
        return _answer(await moderated(request, await _article(request)))
    return _answer(await _public(request, await _article(request)))


async def _article(request: web.Request) -> ArticleCopy:
    return await request.app[ARTICLE_LOOKUP].readable(request.match_info["id"])


async def _public(request: web.Request, article: ArticleCopy) -> DiscussionAnswer:
    state = public_state(article, await request.app[CURRENT_RULES].get(), now())
    total = await request.app[DISCUSSIONS].total(article.id)
    return DiscussionAnswer(open=state.open, total=total, closes_at=state.closes_at)


async def moderated(request: web.Request, article: ArticleCopy) -> ModeratedDiscussion:
    """A discussion as moderators see it."""
    public = await _public(request, article)
    setting = article.discussion
    return ModeratedDiscussion(**public.model_dump(), mode=setting.mode, set_open=setting.open)


def _answer(answer: DiscussionAnswer) -> web.Response:
    return json_response(answer.model_dump_json().encode())


DISCUSSION = "/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/discussion"
ROUTES = [web.get(DISCUSSION, show_discussion)]
