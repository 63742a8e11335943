"""HTTP in: people, for admins."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.ingestion.people.access import CLOCK, PEOPLE, authorize, client_network
from services.ingestion.people.actor import Actor
from services.ingestion.people.contract import (
    EmptyBody,
    PersonAnswer,
    PersonList,
    SentInvitation,
    SentPerson,
    SentPersonChange,
)
from services.ingestion.people.people_changes import PeopleChanges, PeopleRequest
from services.ingestion.people.sealing import sealing_key, unseal
from services.ingestion.people.stores import PeopleStores
from shared.errors import Problem
from shared.http.app import SETTINGS
from shared.http.idempotency import Answer, claim
from shared.http.problems import json_response
from shared.http.requests import (
    etag,
    parse_json,
    read_body,
    read_id_cursor,
    read_if_match,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)

PEOPLE_STORES = web.AppKey("people_stores", PeopleStores)
PEOPLE_CHANGES = web.AppKey("people_changes", PeopleChanges)


async def list_people(request: web.Request) -> web.Response:
    """List people in order of creation."""
    await authorize(request, "people")
    refuse_unknown(request.query, ("limit", "cursor"))
    limit, after = read_limit(request.query), read_id_cursor(request.query)
    people = [person for person in await request.app[PEOPLE].list() if after is None or person.id > after]
    shown = people[:limit]
    cursor = write_cursor(shown[-1].id) if len(people) > limit else None
    answer = PersonList(items=[PersonAnswer.of(person) for person in shown], next_cursor=cursor)
    return json_response(answer.model_dump_json().encode())


async def show_person(request: web.Request) -> web.Response:
    """Show one person."""
    await authorize(request, "people")
    person = await request.app[PEOPLE].find(request.match_info["id"])
    if person is None:
        raise Problem(404, "There is no such person.")
    return json_response(PersonAnswer.of(person).model_dump_json().encode(), headers={"ETag": etag(person.version)})


async def create_person(request: web.Request) -> web.Response:
    """Create a person, with an invitation."""
    actor, body = await _write(request)

    async def work(change: PeopleRequest) -> Answer:
        return await request.app[PEOPLE_CHANGES].create(change, validate(SentPerson, parse_json(body)))

    return await _once(request, actor, body, work)


async def change_person(request: web.Request) -> web.Response:
    """Change a person's name, role or state. `If-Match` is not demanded."""
    actor, body = await _write(request)
    tags = read_if_match(request, demanded=False)

    async def work(change: PeopleRequest) -> Answer:
        sent = validate(SentPersonChange, parse_json(body))
        return await request.app[PEOPLE_CHANGES].change(change, request.match_info["id"], tags, sent)

    return await _once(request, actor, body, work)


async def invite_person(request: web.Request) -> web.Response:
    """Make a new invitation: the first one got lost, or the password."""
    actor, body = await _write(request)

    async def work(change: PeopleRequest) -> Answer:
        sent = validate(SentInvitation, parse_json(body or b"{}"))
        return await request.app[PEOPLE_CHANGES].invite(
            change, request.match_info["id"], resets_factors=sent.reset_factors
        )

    return await _once(request, actor, body, work)


async def sign_out_person(request: web.Request) -> web.Response:
    """End all sessions of a person."""
    actor, body = await _write(request)

    async def work(change: PeopleRequest) -> Answer:
        validate(EmptyBody, parse_json(body or b"{}"))
        return await request.app[PEOPLE_CHANGES].sign_out(change, request.match_info["id"])

    return await _once(request, actor, body, work)


async def _write(request: web.Request) -> tuple[Actor, bytes]:
    actor = await authorize(request, "people")
    refuse_unknown(request.query, ())
    return actor, await read_body(request) if request.can_read_body else b""


async def _once(
    request: web.Request, actor: Actor, body: bytes, work: Callable[[PeopleRequest], Awaitable[Answer]]
) -> web.Response:
    key = sealing_key(request, actor)
    change = PeopleRequest(
        actor,
        client_network(request),
        request.app[CLOCK](),
        request.app[SETTINGS].site_url,
        claim(request, actor.id, body),
        key,
    )
    answer = await request.app[PEOPLE_STORES].answers.once(change.claim, lambda: work(change))
    return unseal(answer, key).response()


_PERSON = "/v1/people/{id:[0-9a-z]{26}}"
ROUTES = [
    web.get("/v1/people", list_people),
    web.post("/v1/people", create_person),
    web.get(_PERSON, show_person),
    web.patch(_PERSON, change_person),
    web.post(f"{_PERSON}/invite", invite_person),
    web.post(f"{_PERSON}/sign-out", sign_out_person),
]
