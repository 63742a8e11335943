"""HTTP in: export and erasure of a person's data, for admins. The address is in the body, so no log of addresses has it."""

from dataclasses import asdict

from aiohttp import web

from services.comments.access.moderators import admin
from services.comments.privacy.contract import PersonAsked, PersonErased, ProofItem
from services.comments.privacy.keys import PERSONAL_DATA
from shared.http.problems import json_response
from shared.http.requests import JSON_TYPE, parse_json, read_body, validate
from shared.topics import COMMENTS, dead_letter_topic

# A service deletes no records of a topic.
_DEAD_LETTERS = ProofItem(
    where=dead_letter_topic(COMMENTS.name).name,
    checked=0,
    left=0,
    note="unknown: run `world-monitor comments erase` with the address, which deletes all dead letters",
)


async def export_person(request: web.Request) -> web.Response:
    """Everything of an address."""
    await admin(request)
    found = await request.app[PERSONAL_DATA].export((await _asked(request)).email)
    return json_response(found)


async def erase_person(request: web.Request) -> web.Response:
    """Erase everything of an address. A repetition finds nothing and proves it again."""
    owner = await admin(request)
    done = await request.app[PERSONAL_DATA].erase((await _asked(request)).email, owner.name)
    proof = [*(ProofItem(**asdict(finding)) for finding in done.proof), _DEAD_LETTERS]
    answer = PersonErased(comments=done.comments, letters=done.rows["messages"], proof=proof)
    return json_response(answer.model_dump_json().encode())


async def _asked(request: web.Request) -> PersonAsked:
    return validate(PersonAsked, parse_json(await read_body(request, types=(JSON_TYPE,))))


ROUTES = [
    web.post("/v1/comments/people-data/export", export_person),
    web.post("/v1/comments/people-data/erase", erase_person),
]
