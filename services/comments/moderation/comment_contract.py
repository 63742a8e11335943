"""Operations about one comment for OpenAPI."""

from collections.abc import Sequence

from services.comments.model.contract import COMMENT
from services.comments.moderation.item_contract import AuthorHistory
from shared.http.openapi import Operation

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="show_author_of_comment",
        method="GET",
        path="/v1/comments/{id}/author",
        summary="Show the record of a comment's author, the bans in force, and the last fifty comments",
        answers={200: AuthorHistory},
        problems=(401, 403, 404, 422, 503),
        parameters=(COMMENT,),
        secured=True,
    ),
)
