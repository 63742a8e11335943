"""HTTP in: the settings of all discussions."""

from aiohttp import web

from services.comments.access.moderators import moderator
from services.comments.model.keys import CURRENT_RULES, STORE
from services.comments.model.records import ModerationRule
from services.comments.moderation.decision_store import DecisionRecord
from services.comments.moderation.keys import DECISIONS
from services.comments.moderation.once import change_once, read_optional_if_match
from services.comments.moderation.settings_contract import CommentSettings, SettingsChange
from services.comments.moderation.settings_rules import changed_rule, changes_of
from shared.errors import Problem
from shared.http.idempotency import Answer, claim
from shared.http.requests import JSON_TYPE, etag, parse_json, read_body, validate
from shared.ids import made_at, new_id
from shared.mongo.collections import Session


async def show_settings(request: web.Request) -> web.Response:
    """Show the settings of all discussions."""
    await moderator(request)
    return _answer(await request.app[STORE].rules.current()).response()


async def change_settings(request: web.Request) -> web.Response:
    """Change the settings that the body names. Other instances follow within two seconds."""
    owner = await moderator(request)
    body = await read_body(request, types=(JSON_TYPE,))
    change = validate(SettingsChange, parse_json(body))
    store, if_match = request.app[STORE], read_optional_if_match(request)
    records, change_id = request.app[DECISIONS].records, new_id()

    async def work(session: Session) -> Answer:
        before = await store.rules.current(session)
        if not if_match.match(before.version):
            raise Problem(412, "The settings have another version by now; read them again.")
        after = changed_rule(before, change)
        changed = changes_of(before, after)
        if changed:
            entry = DecisionRecord(change_id, "settings", owner.name, made_at(change_id), detail=changed)
            await records.add(entry, session)
        await store.rules.put(after, owner.name, session)
        return _answer(after)

    try:
        return await change_once(store, claim(request, owner.id, body), work)
    finally:
        # Also after an error: the change may be stored.
        request.app[CURRENT_RULES].forget()


def _answer(rule: ModerationRule) -> Answer:
    return Answer(200, CommentSettings.of(rule).model_dump_json().encode(), {"ETag": etag(rule.version)})


ROUTES = [
    web.get("/v1/comments/settings", show_settings),
    web.put("/v1/comments/settings", change_settings),
]
