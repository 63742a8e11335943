"""HTTP in: who is in an article, for people who edit it and for the desk's list."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from aiohttp import web

from services.ingestion.articles.presence_rules import Presence, present, reported
from services.ingestion.articles.presence_store import PresenceStore
from services.ingestion.articles.requests import ARTICLES, ID, read_write
from services.ingestion.articles.together_contract import PresenceAnswer, PresentPerson, PresentPersonHere, SentPresence
from services.ingestion.people.access import authorize
from services.ingestion.people.actor import Actor
from shared.errors import Problem
from shared.http.idempotency import Answer, claim
from shared.http.problems import field_problem, json_response
from shared.http.requests import parse_json, refuse_unknown, validate
from shared.ids import created_ms
from shared.times import now

PRESENCE = web.AppKey("presence", PresenceStore)
# The longest page of the desk's list.
MOST_IDS = 100


async def report_presence(request: web.Request) -> web.Response:
    """Report that a window with the article is open, or gone; answers who is there, and the version of its text."""
    actor, body = await read_write(request, "read")
    sent = validate(SentPresence, parse_json(body))

    async def work() -> Answer:
        return Answer(200, (await _report(request, actor, sent)).model_dump_json().encode(), {})

    made = claim(request, actor.id, body)
    return (await request.app[ARTICLES].answers.once_repeatable(made, work)).response()


async def _report(request: web.Request, actor: Actor, sent: SentPresence) -> PresenceAnswer:
    article_id, at, store = request.match_info["id"], now(), request.app[PRESENCE]
    version = await request.app[ARTICLES].text_version_of(article_id)
    if version is None:
        raise Problem(404, "There is no such article.")
    known = {presence.person_id: presence for presence in (await store.of([article_id])).get(article_id, ())}
    if sent.state == "gone":
        known.pop(actor.id, None)
        await store.remove(article_id, actor.id)
    else:
        new = Presence(article_id, actor.id, actor.name, at)
        known[actor.id] = reported(known.get(actor.id), new, sent.state, at)
        await store.put(known[actor.id], at)
    people = [
        PresentPersonHere(name=one.name, state=one.state(at), since=one.since, is_you=one.person_id == actor.id)
        for one in present(known.values(), at)
    ]
    return PresenceAnswer(people=people, version=version)


async def list_presence(request: web.Request) -> web.Response:
    """Show who is in which of some articles, for the desk's list: the edge does not route this path."""
    await authorize(request, "read")
    refuse_unknown(request.query, ("ids",))
    ids = [article_id for article_id in request.query.get("ids", "").split(",") if article_id]
    if len(ids) > MOST_IDS or any(created_ms(article_id) is None for article_id in ids):
        raise field_problem("?ids", f"ids is at most {MOST_IDS} articles' ids, separated by commas.")
    at = now()
    found = await request.app[PRESENCE].of(ids) if ids else {}
    items = {article_id: _people(known, at) for article_id, known in found.items()}
    return json_response({"items": {article_id: people for article_id, people in items.items() if people}})


def _people(known: Iterable[Presence], at: datetime) -> Sequence[dict[str, object]]:
    people = (PresentPerson(name=one.name, state=one.state(at), since=one.since) for one in present(known, at))
    return [person.model_dump(mode="json") for person in people]


ROUTES = [
    web.post(f"/v1/articles/{ID}/presence", report_presence),
    web.get("/internal/presence", list_presence),
]
