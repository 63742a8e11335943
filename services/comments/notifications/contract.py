"""The operations of links in mails, for OpenAPI. Their answers are pages."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from services.comments.notifications.mail_text import UNSUBSCRIBE_PATH, VERIFY_PATH
from shared.http.openapi import Operation, Parameter

_TOKEN = Parameter("token", "query", "The token of a link in a mail", {"type": "string", "maxLength": 100})
# Also the page of an unknown link.
_PAGES: Mapping[int, type[BaseModel] | None] = {200: None, 404: None}
_PROBLEMS = (503,)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="show_verification",
        method="GET",
        path=VERIFY_PATH,
        summary="A page with the button that confirms an address for mails about replies",
        answers=_PAGES,
        problems=_PROBLEMS,
        parameters=(_TOKEN,),
    ),
    Operation(
        id="confirm_address",
        method="POST",
        path=VERIFY_PATH,
        summary="Confirm the address that the link was sent to; answers with a page",
        answers=_PAGES,
        problems=_PROBLEMS,
        parameters=(_TOKEN,),
    ),
    Operation(
        id="show_unsubscribing",
        method="GET",
        path=UNSUBSCRIBE_PATH,
        summary="A page with the button that ends the mails about replies",
        answers=_PAGES,
        problems=_PROBLEMS,
        parameters=(_TOKEN,),
    ),
    Operation(
        id="unsubscribe",
        method="POST",
        path=UNSUBSCRIBE_PATH,
        summary="End the mails about replies to the address that the link was sent to (RFC 8058); answers with a page",
        answers=_PAGES,
        problems=_PROBLEMS,
        parameters=(_TOKEN,),
    ),
)
