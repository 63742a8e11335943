"""The table of public operations about people, behind their OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.ingestion.people.contract import (
    EmptyBody,
    InvitedPerson,
    PersonAnswer,
    PersonList,
    SentInvitation,
    SentPerson,
    SentPersonChange,
)
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import JSON_TYPE

_ID = Parameter("id", "path", "The person's id", {"type": "string"})
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A repeated request with the same key gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200},
)
_IF_MATCH = Parameter("If-Match", "header", "The ETag of the version that was read; not demanded", {"type": "string"})
_ETAG = {"ETag": "The version as a strong entity tag"}
_WRITE_PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 422, 503)


def _act(name: str, summary: str, model: type[BaseModel], status: int, answer: type[BaseModel] | None) -> Operation:
    return Operation(
        id=f"{name.replace('-', '_')}_person",
        method="POST",
        path=f"/v1/people/{{id}}/{name}",
        summary=summary,
        answers={status: answer},
        problems=_WRITE_PROBLEMS,
        body={JSON_TYPE: model},
        parameters=(_ID, _KEY),
        secured=True,
    )


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_people",
        method="GET",
        path="/v1/people",
        summary="List people in order of creation; for admins, as everything about people",
        answers={200: PersonList},
        problems=(400, 401, 403, 422, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="create_person",
        method="POST",
        path="/v1/people",
        summary="Create a person, with an invitation for one use within 72 hours",
        answers={201: InvitedPerson},
        problems=(400, 401, 403, 413, 415, 422, 503),
        body={JSON_TYPE: SentPerson},
        parameters=(_KEY,),
        secured=True,
        headers={**_ETAG, "Location": "The person's address"},
    ),
    Operation(
        id="show_person",
        method="GET",
        path="/v1/people/{id}",
        summary="Show a person",
        answers={200: PersonAnswer},
        problems=(401, 403, 404, 503),
        parameters=(_ID,),
        secured=True,
        headers=_ETAG,
    ),
    Operation(
        id="change_person",
        method="PATCH",
        path="/v1/people/{id}",
        summary="Change name, role or state; a deactivation ends the person's sessions",
        answers={200: PersonAnswer},
        problems=(*_WRITE_PROBLEMS, 412),
        body={JSON_TYPE: SentPersonChange},
        parameters=(_ID, _IF_MATCH, _KEY),
        secured=True,
        headers=_ETAG,
    ),
    _act("invite", "Make a new invitation in place of earlier ones", SentInvitation, 200, InvitedPerson),
    _act("sign-out", "End all sessions of the person", EmptyBody, 204, None),
)
