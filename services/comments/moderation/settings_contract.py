"""Requests and answers about the settings of all discussions, and their operations for OpenAPI."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.comments.model.contract import ETAG, IF_MATCH, KEY
from services.comments.model.rules import Mode
from shared.http.openapi import Operation
from shared.http.requests import JSON_TYPE


class CommentSettings(BaseModel):
    """Which comments wait for a moderator: all, none, or the first of each writer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="show_comment_settings",
        method="GET",
        path="/v1/comments/settings",
        summary="Show which comments wait for a moderator",
        answers={200: CommentSettings},
        problems=(401, 403, 503),
        secured=True,
        headers=ETAG,
    ),
    Operation(
        id="change_comment_settings",
        method="PUT",
        path="/v1/comments/settings",
        summary="Set which comments wait for a moderator",
        answers={200: CommentSettings},
        problems=(400, 401, 403, 412, 413, 415, 422, 503),
        body={JSON_TYPE: CommentSettings},
        parameters=(KEY, IF_MATCH),
        secured=True,
        headers=ETAG,
    ),
)
