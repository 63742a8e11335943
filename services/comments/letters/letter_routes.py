"""HTTP in: readers' letters to the editors. Only editors read them; no topic has them.

A letter needs no cookie and no session, so a form on another site gains nothing. Rate limits, here and at the edge, stop
floods.
"""

from aiohttp import web

from services.comments.access.keys import RATE_LIMITER, ROOM, TRUSTS_EDGE
from services.comments.access.moderators import moderator
from services.comments.letters.contract import MessageAnswer, MessageList, MessageReceipt, NewMessage
from services.comments.model.keys import STORE
from services.comments.model.records import Message
from services.comments.plain_forms import answer_or_problem, is_sent_by_page
from services.comments.posting.form_errors import LETTER
from services.comments.posting.keys import FORM_ERROR_PAGES
from shared.errors import Problem
from shared.http.idempotency import Answer, claim
from shared.http.problems import json_response
from shared.http.requests import (
    FORM_TYPE,
    JSON_TYPE,
    parse_form,
    parse_json,
    read_body,
    read_id_cursor,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)
from shared.http.visitors import network_of
from shared.ids import made_at, new_id
from shared.mongo.collections import Session

# Redirect after a form. The page's style sheet shows the thanks when this fragment is the target.
THANKS = "/contact#thanks"


async def send_message(request: web.Request) -> web.Response:
    """Store a letter, sent as JSON or as the page's plain form. A form gets pages as answers."""
    if not is_sent_by_page(request):
        return await _send(request)
    answer = await answer_or_problem(request, _send)
    if isinstance(answer, Problem):
        return await request.app[FORM_ERROR_PAGES].render(answer, request, LETTER)
    return answer


async def _send(request: web.Request) -> web.Response:
    await request.app[RATE_LIMITER].admit(request)
    body = await read_body(request, types=(JSON_TYPE, FORM_TYPE))
    by_form = request.content_type == FORM_TYPE
    sent = validate(NewMessage, parse_form(body) if by_form else parse_json(body))
    made = claim(request, network_of(request, trusts_edge=request.app[TRUSTS_EDGE]), body)
    store = request.app[STORE]
    message_id = new_id()
    message = Message(id=message_id, name=sent.name, email=sent.email, body=sent.body, created_at=made_at(message_id))

    async def work(session: Session) -> Answer:
        answer = _thanks() if by_form else _receipt(message)
        await store.messages.add(message, session)
        await store.answers.keep(session, made, answer)
        return answer

    async def keep() -> Answer:
        # Here, so that a repetition gets its stored answer from a full store too.
        await request.app[ROOM].check("letters")
        if made is not None:
            await request.app[ROOM].check("answers")
        return await store.mongo.transaction(work)

    return (await store.answers.once(made, keep)).response()


def _thanks() -> Answer:
    return Answer(303, b"", {"Location": THANKS})


def _receipt(message: Message) -> Answer:
    receipt = MessageReceipt(id=message.id, created_at=message.created_at)
    return Answer(201, receipt.model_dump_json().encode(), {})


async def list_messages(request: web.Request) -> web.Response:
    """List letters for editors, newest first."""
    await moderator(request)
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, cursor = read_limit(request.query), read_id_cursor(request.query)
    found = await request.app[STORE].messages.newest(cursor, limit + 1)
    shown = found[:limit]
    answer = MessageList(
        items=[MessageAnswer.model_validate(message, from_attributes=True) for message in shown],
        next_cursor=write_cursor(shown[-1].id) if len(found) > limit else None,
    )
    return json_response(answer.model_dump_json().encode())


ROUTES = [web.post("/v1/messages", send_message), web.get("/v1/messages", list_messages)]
