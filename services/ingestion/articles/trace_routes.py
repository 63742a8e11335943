"""HTTP in: how far the newest public version of an article has come."""

from aiohttp import web

from services.ingestion.articles.requests import ID, find_article
from services.ingestion.articles.together_contract import TraceAnswer
from services.ingestion.articles.trace import Gateways, steps_of
from services.ingestion.people.access import authorize
from shared.http.problems import json_response
from shared.http.requests import refuse_unknown
from shared.outbox.sent_times import SentTimes

SENT_TIMES = web.AppKey("sent_times", SentTimes)
GATEWAYS = web.AppKey("gateways", Gateways)


async def show_trace(request: web.Request) -> web.Response:
    """Show when the newest public version was committed, sent, projected and visible."""
    await authorize(request, "read")
    refuse_unknown(request.query, ())
    article = await find_article(request)
    edition = article.edition
    if edition is None:
        return json_response(TraceAnswer().model_dump_json().encode())
    sent = await request.app[SENT_TIMES].find(article.id)
    rendered = await request.app[GATEWAYS].ask(article.id)
    steps = steps_of(edition.version, edition.committed_at or edition.updated_at, sent, rendered)
    answer = TraceAnswer(
        version=edition.version,
        committed_at=steps.committed_at,
        sent_at=steps.sent_at,
        projected_at=steps.projected_at,
        visible_at=steps.visible_at,
    )
    return json_response(answer.model_dump_json().encode())


ROUTES = [web.get(f"/v1/articles/{ID}/trace", show_trace)]
