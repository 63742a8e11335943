"""Decisions about comments on behalf of a person: the form, the call, and the answer to page and script."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from aiohttp import web

from services.desk.api import Json
from services.desk.comments.calls import send
from services.desk.comments.items import number_of, objects_of, text_of
from services.desk.visit import moment_of, words_of
from shared.errors import FieldError, Problem
from shared.http.instances import Answer

ACTIONS = ("approve", "reject", "spam", "remove")
# A form names each comment, with the version that it showed, in a field of its own.
_PICK = re.compile(r"pick-([A-Za-z0-9_-]{1,64})")
_MOST_PICKS = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class DecisionConflict:
    """A comment that was not changed: a colleague has decided since the page showed it, or its author has edited it."""

    id: str
    status: str
    by: str
    at: datetime | None


@dataclass(frozen=True)
class DecisionResult:
    """The outcome of a decision or of its undoing."""

    id: str
    action: str
    changed: int
    conflicts: Sequence[DecisionConflict] = ()


def is_id(text: str) -> bool:
    """Whether a text may be an identifier in a path."""
    return _ID.fullmatch(text) is not None


def picks_of(values: Mapping[str, str]) -> Mapping[str, str]:
    """The comments that a form names, and the version of each."""
    found = ((_PICK.fullmatch(name), value) for name, value in values.items())
    return {match[1]: value for match, value in found if match is not None}


async def decide(request: web.Request, values: Mapping[str, str]) -> DecisionResult:
    """Carry out the form's decision. Raises Problem 400 for an unknown action, 422 without a comment."""
    picks, action = picks_of(values), values.get("action", "")
    if action not in ACTIONS:
        raise Problem(400, words_of(request).text("comments.no_action"))
    if not 0 < len(picks) <= _MOST_PICKS:
        raise Problem(422, words_of(request).text("comments.none_selected"), errors=(FieldError("/ids", ""),))
    versions = {id_: int(version) for id_, version in picks.items() if version.isascii() and version.isdigit()}
    body = {"ids": list(picks), "action": action, "versions": versions}
    if reason := values.get("reason", "").strip():
        body["reason"] = reason
    answer = await send(request, "POST", "/decisions", body, key=_key(values.get("key", ""), body))
    return _result(action, answer)


async def undo(request: web.Request, values: Mapping[str, str]) -> DecisionResult:
    """Take a decision back."""
    decision = values.get("decision", "")
    if not is_id(decision):
        raise Problem(404, words_of(request).text("problem.nothing_here"))
    return _result("undo", await send(request, "POST", f"/decisions/{decision}/undo"))


def result_of_address(query: Mapping[str, str]) -> DecisionResult | None:
    """The outcome that the redirect after a decision put into the address; None without one."""
    changed, id_ = query.get("changed", ""), query.get("done", "")
    if not changed.isdecimal():
        return None
    return DecisionResult(id_ if is_id(id_) else "", query.get("action", ""), int(changed))


def as_json(result: DecisionResult) -> Json:
    """The result for a script."""
    return {
        "decision": result.id,
        "action": result.action,
        "changed": result.changed,
        "conflicts": [conflict.id for conflict in result.conflicts],
    }


def _result(action: str, answer: Answer) -> DecisionResult:
    found = answer.json
    conflicts = [
        DecisionConflict(text_of(one, "id"), text_of(one, "status"), text_of(one, "by"), moment_of(one.get("at")))
        for one in objects_of(found, "conflicts")
    ]
    return DecisionResult(text_of(found, "decision_id"), action, number_of(found, "changed"), conflicts)


def _key(page_key: str, body: object) -> str:
    """A double click acts once. Another button of the same page, after the browser's "back", is another request."""
    return hashlib.sha256(page_key.encode() + orjson.dumps(body)).hexdigest()[:32] if page_key else ""
