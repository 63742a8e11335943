"""Reads a question (words, phrases, filters) from a request's query. Pure functions; a problem names its parameter."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from services.search.analysis import Term, terms
from shared.http.problems import field_problem
from shared.http.requests import read_cursor, refuse_unknown, write_cursor
from shared.times import to_milliseconds

PARAMETERS = ("q", "section", "from", "to", "limit", "cursor")
LONGEST_Q = 200
# A run of a script without spaces counts as one word.
MOST_WORDS = 24
# Nobody reads further, and the work grows with the distance.
DEEPEST = 1000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_QUOTES = re.compile(r"[\"“”„«»]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Question:
    """Asks for articles that hold every one of `terms`, and every one of `phrases` in its order.

    With `typing` the last term may be unfinished. `since` is the first moment, `until` the first one after the last.
    """

    terms: tuple[Term, ...] = ()
    phrases: tuple[tuple[Term, ...], ...] = ()
    typing: bool = False
    section: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no word in it."""
        return not self.terms and not self.phrases


def read_question(query: Mapping[str, str], sections: frozenset[str]) -> Question:
    """The question in a request's query; 422 that names the wrong parameter."""
    refuse_unknown(query, PARAMETERS)
    section = query.get("section") or None
    if section is not None and section not in sections:
        raise field_problem("?section", "There is no such section.")
    since = _read_moment(query, "from")
    until = _read_moment(query, "to", end=True)
    return parse(_read_q(query), section=section, since=since, until=until)


def parse(
    text: str, *, section: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Question:
    """Words and, between quotation marks, phrases. No text is a command."""
    loose: list[Term] = []
    phrases: list[tuple[Term, ...]] = []
    pieces = _QUOTES.split(text)
    for number, piece in enumerate(pieces):
        found = tuple(terms(piece))
        if number % 2 and found:
            phrases.append(found)
        elif not number % 2:
            loose.extend(found)
    typing = len(pieces) % 2 == 1 and bool(pieces[-1].strip()) and not pieces[-1][-1].isspace()
    return Question(tuple(loose), tuple(phrases), typing and bool(loose), section, since, until)


def _read_q(query: Mapping[str, str]) -> str:
    text = query.get("q", "")
    if not text.strip():
        raise field_problem("?q", "q is empty; it takes the words to search for.")
    if len(text) > LONGEST_Q:
        raise field_problem("?q", f"q has at most {LONGEST_Q} characters.")
    if _CONTROLS.search(text):
        raise field_problem("?q", "q holds no control characters.")
    if sum(1 for _ in terms(text)) > MOST_WORDS:
        raise field_problem("?q", f"q has at most {MOST_WORDS} words.")
    return text


def _read_moment(query: Mapping[str, str], name: str, *, end: bool = False) -> datetime | None:
    """The moment in a parameter; for an `end`, the first moment after that day or millisecond."""
    text = query.get(name)
    if not text:
        return None
    fault = field_problem(f"?{name}", f"{name} is a day, as in 2026-02-08, or a moment with its zone (RFC 3339).")
    try:
        if text.isascii() and _DAY.fullmatch(text):
            day = datetime.combine(datetime.fromisoformat(text).date(), time(), UTC)
            return day + timedelta(days=1) if end else day
        # An unescaped plus sign in a query is read as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else "")
        if moment.tzinfo is None:
            raise fault
        return to_milliseconds(moment) + timedelta(milliseconds=1) if end else to_milliseconds(moment)
    except (ValueError, OverflowError) as error:
        raise fault from error


def read_offset(query: Mapping[str, str]) -> int:
    """The number of items before a cursor; 400 for a cursor that was not issued for this question."""
    parts = read_cursor(query, 2)
    if parts is None:
        return 0
    asked, offset = parts
    valid = offset.isascii() and offset.isdigit() and len(offset) < 6 and int(offset) < DEEPEST
    if not valid or asked != _digest(query):
        raise field_problem("?cursor", "The cursor was not issued for this search.", status=400)
    return int(offset)


def next_cursor(query: Mapping[str, str], offset: int, total: int) -> str | None:
    """The cursor of the items from `offset` on; None at the end, and past DEEPEST."""
    return write_cursor(_digest(query), str(offset)) if offset < min(total, DEEPEST) else None


def _digest(query: Mapping[str, str]) -> str:
    asked = "\0".join(query.get(name, "") for name in ("q", "section", "from", "to"))
    return hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:12]
