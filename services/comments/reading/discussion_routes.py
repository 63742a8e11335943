"""HTTP in: the state of a discussion, for readers and moderators."""

from aiohttp import web

from services.comments.access.keys import TOKEN_CHECKER
from services.comments.access.moderators import moderator
from services.comments.model.keys import CURRENT_RULES, STORE
from services.comments.model.records import ArticleCopy
from services.comments.reading.closing import set_discussion
from services.comments.reading.contract import DiscussionAnswer, DiscussionChange, ModeratedDiscussion
from services.comments.reading.keys import ARTICLE_LOOKUP, DISCUSSIONS
from services.comments.reading.state import Change, public_state
from shared.http.problems import json_response
from shared.http.requests import read_model, refuse_unknown
from shared.times import now


async def show_discussion(request: web.Request) -> web.Response:
    """Show whether a discussion is open; its settings too to a moderator."""
    refuse_unknown(request.query, ())
    if request.app[TOKEN_CHECKER].has_credential(request):
        await moderator(request)
        return _answer(await _moderated(request, await _article(request)))
    return _answer(await _public(request, await _article(request)))


async def change_discussion(request: web.Request) -> web.Response:
    """Close or open a discussion, or set its mode."""
    owner = await moderator(request)
    sent = await read_model(request, DiscussionChange)
    article = await _article(request)
    change = Change(sent.open, sent.mode, frozenset(sent.model_fields_set))
    return _answer(
        await _moderated(request, await set_discussion(request.app[STORE], article.id, change, owner.name, now()))
    )


async def _article(request: web.Request) -> ArticleCopy:
    return await request.app[ARTICLE_LOOKUP].readable(request.match_info["id"])


async def _public(request: web.Request, article: ArticleCopy) -> DiscussionAnswer:
    state = public_state(article, await request.app[CURRENT_RULES].get(), now())
    total = await request.app[DISCUSSIONS].total(article.id)
    return DiscussionAnswer(open=state.open, total=total, closes_at=state.closes_at)


async def _moderated(request: web.Request, article: ArticleCopy) -> ModeratedDiscussion:
    public = await _public(request, article)
    setting = article.discussion
    return ModeratedDiscussion(**public.model_dump(), mode=setting.mode, set_open=setting.open)


def _answer(answer: DiscussionAnswer) -> web.Response:
    return json_response(answer.model_dump_json().encode())


_PATH = "/v1/articles/{id:[A-Za-z0-9_-]{1,64}}/discussion"
ROUTES = [web.get(_PATH, show_discussion), web.put(_PATH, change_discussion)]
