"""HTTP in: moderators close or open the discussion of a story, or set its mode."""

from aiohttp import web

from services.comments.access.answer_once import answer_once
from services.comments.access.moderators import moderator
from services.comments.model.keys import STORE
from services.comments.model.records import ArticleCopy
from services.comments.moderation.decision_store import DecisionRecord
from services.comments.moderation.keys import DECISIONS
from services.comments.reading.closing import set_discussion
from services.comments.reading.contract import DiscussionChange
from services.comments.reading.discussion_routes import DISCUSSION, moderated
from services.comments.reading.keys import ARTICLE_LOOKUP
from services.comments.reading.state import Change
from shared.http.idempotency import Answer
from shared.http.requests import parse_json, read_body, validate
from shared.http.token_checker import TokenOwner
from shared.ids import made_at, new_id
from shared.mongo.collections import Session


async def change_discussion(request: web.Request) -> web.Response:
    """Change a discussion, with an entry in the audit. A repetition changes nothing."""
    owner = await moderator(request)
    body = await read_body(request)
    sent = validate(DiscussionChange, parse_json(body))

    async def work() -> Answer:
        after = await _change(request, sent, owner)
        return Answer(200, (await moderated(request, after)).model_dump_json().encode(), {})

    return (await answer_once(request, owner.id, body, work, is_bounded=False)).response()


async def _change(request: web.Request, sent: DiscussionChange, owner: TokenOwner) -> ArticleCopy:
    article = await request.app[ARTICLE_LOOKUP].readable(request.match_info["id"])
    decision_id = new_id()

    async def audit(after: ArticleCopy, session: Session) -> None:
        record = DecisionRecord(decision_id, "discussion", owner.name, made_at(decision_id), detail=_detail(after))
        await request.app[DECISIONS].records.add(record, session)

    change = Change(sent.open, sent.mode, frozenset(sent.model_fields_set))
    return await set_discussion(request.app[STORE], article.id, change, made_at(decision_id), audit)


def _detail(article: ArticleCopy) -> dict[str, str]:
    setting = article.discussion
    opened = {True: "open", False: "closed", None: "site"}[setting.open]
    return {"article": article.id, "discussion": opened, "mode": setting.mode or "site"}


ROUTES = [web.put(DISCUSSION, change_discussion)]
