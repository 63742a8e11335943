"""HTTP in: readers' letters to the editors. They are kept here, read by editors, and told to nobody else: no topic has them.

A letter needs no cookie and no session, so that a form on another site can do no more than anyone: send a letter. What
keeps floods out is the limit by visitor, here and at the edge.
"""

from aiohttp import web

from services.comments.contract import MessageAnswer, MessageList, MessageReceipt, NewMessage
from services.comments.form_errors import LETTER, answer_or_problem
from services.comments.keys import PAGES, STORE, TOKENS, VISITORS
from services.comments.store import Message
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
from shared.ids import made_at, new_id
from shared.mongo.collections import Session

# Where the page's form leads back to: the thanks that its style sheet shows to whoever comes there.
THANKS = "/contact#thanks"


async def send_message(request: web.Request) -> web.Response:
    """Keep a letter: sent as JSON, or by the page's plain form, whose sender is answered with pages."""
    answer = await answer_or_problem(request, _send)
    if isinstance(answer, Problem):
        return await request.app[PAGES].refusal(answer, request, LETTER)
    return answer


async def _send(request: web.Request) -> web.Response:
    await request.app[VISITORS].admit(request)
    body = await read_body(request, types=(JSON_TYPE, FORM_TYPE))
    by_form = request.content_type == FORM_TYPE
    sent = validate(NewMessage, parse_form(body) if by_form else parse_json(body))
    made = claim(request, "reader", body)
    store = request.app[STORE]
    message_id = new_id()
    message = Message(id=message_id, name=sent.name, email=sent.email, body=sent.body, created_at=made_at(message_id))

    async def work(session: Session) -> Answer:
        answer = _thanks() if by_form else _receipt(message)
        await store.messages.add(message, session)
        await store.answers.keep(session, made, answer)
        return answer

    return (await store.answers.once(made, lambda: store.mongo.transaction(work))).response()


def _thanks() -> Answer:
    return Answer(303, b"", {"Location": THANKS})


def _receipt(message: Message) -> Answer:
    receipt = MessageReceipt(id=message.id, created_at=message.created_at)
    return Answer(201, receipt.model_dump_json().encode(), {})


async def list_messages(request: web.Request) -> web.Response:
    """Letters for editors, newest first."""
    await request.app[TOKENS].moderator(request)
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
