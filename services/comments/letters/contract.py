"""Requests and answers of readers' letters, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.comments.model.contract import KEY
from services.comments.model.fields import Body, Email, Name
from shared.http.openapi import CURSOR, LIMIT, Operation
from shared.http.requests import FORM_TYPE, JSON_TYPE
from shared.times import UtcDatetime


class NewMessage(BaseModel):
    """A letter from a reader to the editors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email
    body: Body


class MessageReceipt(BaseModel):
    """The receipt for a stored letter."""

    id: str
    created_at: UtcDatetime


class MessageAnswer(MessageReceipt):
    """A letter for editors, with the address for their answer."""

    name: str
    email: str
    body: str


class MessageList(BaseModel):
    """One page of letters for editors."""

    items: list[MessageAnswer]
    next_cursor: str | None


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="send_message",
        method="POST",
        path="/v1/messages",
        summary="Write to the editors; the answer to a form redirects to the contact page",
        answers={201: MessageReceipt, 303: None},
        problems=(400, 413, 415, 422, 429, 503),
        body={JSON_TYPE: NewMessage, FORM_TYPE: NewMessage},
        parameters=(KEY,),
    ),
    Operation(
        id="list_messages",
        method="GET",
        path="/v1/messages",
        summary="List readers' letters, newest first, for editors",
        answers={200: MessageList},
        problems=(400, 401, 403, 422, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
)
