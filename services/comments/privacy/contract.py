"""Requests and answers about a person's data, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.comments.model.fields import Email
from shared.http.openapi import Operation
from shared.http.requests import JSON_TYPE


class PersonAsked(BaseModel):
    """The address of a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Email


class PersonExport(BaseModel):
    """Everything stored under an address: comments of any state, and rows of other stores."""

    model_config = ConfigDict(extra="allow")

    email: str
    comments: list[dict[str, object]]
    messages: list[dict[str, object]]


class ProofItem(BaseModel):
    """One place that was looked at after an erasure: how many things, and how many of them still have something."""

    where: str
    checked: int
    left: int
    note: str


class PersonErased(BaseModel):
    """The numbers of erased comments and letters, and the proof."""

    comments: int
    letters: int
    proof: list[ProofItem]


_PROBLEMS = (400, 401, 403, 413, 415, 422, 503)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="export_person",
        method="POST",
        path="/v1/comments/people-data/export",
        summary="Everything stored under an e-mail address; for admins",
        answers={200: PersonExport},
        problems=_PROBLEMS,
        body={JSON_TYPE: PersonAsked},
        secured=True,
    ),
    Operation(
        id="erase_person",
        method="POST",
        path="/v1/comments/people-data/erase",
        summary="Erase everything stored under an e-mail address, and prove it; for admins. Texts and names of comments go, "
        "replies of others stay",
        answers={200: PersonErased},
        problems=_PROBLEMS,
        body={JSON_TYPE: PersonAsked},
        secured=True,
    ),
)
