"""The comment after an edit or a deletion by its writer. Pure."""

from dataclasses import replace
from datetime import datetime

from services.comments.model.records import Comment, next_version
from services.comments.model.rules import Status
from services.comments.model.text import to_html
from services.comments.pipeline.facts import Verdict
from shared.errors import Problem


def check_editable(comment: Comment) -> None:
    """410 for a removed comment, 403 for one that a moderator rejected."""
    if comment.status == "removed":
        raise Problem(410, "The comment was removed.")
    if comment.status == "rejected" and comment.decided is not None:
        raise Problem(403, "A moderator rejected this comment; it cannot be changed.")


def edited(before: Comment, body: str, verdict: Verdict, at: datetime) -> Comment:
    """The comment with another text, which no editor has picked.

    One that the pipeline rejected waits at least, since a moderator should see it.
    """
    status: Status = verdict.status
    if before.status == "rejected" and status == "published":
        status = "pending"
    return replace(
        next_version(before, status),
        body=body,
        body_html=to_html(body),
        edited_at=at,
        picked=False,
        spam=verdict.spam,
        reasons=verdict.reasons or (before.reasons if status == "pending" else ()),
    )


def emptied(before: Comment) -> Comment:
    """The comment after its writer deleted it: a placeholder for its replies."""
    erased = next_version(before, "removed")
    return replace(erased, name="", website=None, body="", body_html="", reasons=(), picked=False)


def verdict_of(comment: Comment) -> Verdict:
    """The verdict that gave a comment its status; a removed one counts as rejected."""
    return Verdict("rejected" if comment.status == "removed" else comment.status, comment.reasons, comment.spam)
