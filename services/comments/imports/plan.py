"""Places the comments of a file: under which article, with which id, beneath which comment. Pure.

Ids are derived from the source's name, the file's site and the source's id, so a second import finds what the first one made.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from services.comments.imports.source import BadImport, Source, SourceComment, SourceThread
from services.comments.model.fields import LONGEST_NAME, Email, Website
from services.comments.model.records import Comment
from services.comments.model.text import to_html
from shared.ids import derived_id
from shared.text import READER_LINE, READER_PROSE, TextRefused, is_blank, is_far_too_long, tidy

# Longer than readers may write here: other systems have other bounds.
LONGEST_BODY = 20_000
_NO_NAME = "Guest"

Skipped = Literal["no article", "no text", "too long", "unreadable text", "deleted"]

_email: TypeAdapter[str] = TypeAdapter(Email)
_website: TypeAdapter[str] = TypeAdapter(Website)


@dataclass(frozen=True)
class Placed:
    """The place of a comment: its id, its parent and the top comment of its thread."""

    id: str
    parent_id: str | None
    root_id: str


@dataclass
class Places:
    """Places of all comments of a file, by source id; the article of each thread; the comments that have a reply."""

    articles: Mapping[str, str]
    placed: dict[str, Placed] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refused:
    """A text that cannot be imported."""

    why: Skipped


def path_of(address: str) -> str:
    """The path of a page's address, as articles have it: without host, query, fragment, and a slash at the end."""
    return unquote(urlsplit(address.strip()).path).rstrip("/") or "/"


def match_threads(
    threads: Iterable[SourceThread], named: Mapping[str, str], find: Callable[[str], str | None]
) -> tuple[dict[str, str], list[SourceThread]]:
    """The article's id by thread, and the threads without an article.

    `named`: articles by address, from the operator's table. `find`: an article's id by path.
    """
    articles: dict[str, str] = {}
    unmatched: list[SourceThread] = []
    for thread in threads:
        article = named.get(thread.address) or named.get(path_of(thread.address)) or find(path_of(thread.address))
        if article is None:
            unmatched.append(thread)
        else:
            articles[thread.id] = article
    return articles, unmatched


def place(source: Source, articles: Mapping[str, str]) -> Places:
    """Place all comments of a file. One whose parent is missing, of another thread, or part of a circle is a top comment."""
    ids: dict[str, str] = {}
    parents: dict[str, str | None] = {}
    threads: dict[str, str] = {}
    for comment in source.comments():
        if comment.id in ids:
            raise BadImport(f"two comments have the id {comment.id}")
        ids[comment.id] = _id_of(source, comment)
        parents[comment.id], threads[comment.id] = comment.parent, comment.thread
    places = Places(articles, answered=frozenset(parent for parent in parents.values() if parent is not None))
    for comment_id in ids:
        _place(comment_id, ids, parents, threads, places.placed)
    return places


def _id_of(source: Source, comment: SourceComment) -> str:
    try:
        return derived_id(comment.created_at, f"{source.name}\0{comment.thread}\0{comment.id}")
    except ValueError as error:
        raise BadImport(f"comment {comment.id} was written before 1970") from error


def _place(
    comment_id: str,
    ids: Mapping[str, str],
    parents: Mapping[str, str | None],
    threads: Mapping[str, str],
    placed: dict[str, Placed],
) -> None:
    # No recursion: the depth of a thread has no limit.
    way: dict[str, None] = {}
    at: str | None = comment_id
    while at is not None and at not in placed:
        way[at] = None
        above = parents[at] or ""
        at = above if above in ids and above not in way and threads[above] == threads[at] else None
    for step in reversed(list(way)):
        parent = None if at is None else placed[at]
        placed[step] = Placed(
            ids[step], None if parent is None else parent.id, ids[step] if parent is None else parent.root_id
        )
        at = step


def as_comment(found: SourceComment, places: Places) -> Comment | Skipped:
    """The comment as this service stores it, or the reason to leave it out. With replies, it becomes a removed one without text."""
    article, placed = places.articles.get(found.thread), places.placed[found.id]
    if article is None:
        return "no article"
    body = _body(found)
    comment = Comment(
        id=placed.id,
        version=1,
        article_id=article,
        parent_id=placed.parent_id,
        root_id=placed.root_id,
        name="",
        website=None,
        body="",
        body_html="",
        status="removed",
        created_at=found.created_at,
    )
    if isinstance(body, Refused):
        return comment if found.id in places.answered else body.why
    return replace(
        comment,
        name=_name(found.name),
        website=_valid(_website, found.website),
        body=body,
        body_html=to_html(body),
        status=found.status,
        edited_at=found.edited_at,
        votes=found.votes,
        spam=found.spam,
    )


def email_of(found: SourceComment) -> str:
    """The address in its stored form; empty for a missing or malformed one."""
    return _valid(_email, found.email) or ""


def _body(found: SourceComment) -> str | Refused:
    if found.status == "removed":
        return Refused("deleted")
    if is_far_too_long(found.body, LONGEST_BODY):
        return Refused("too long")
    try:
        tidied = tidy(_without_controls(found.body), READER_PROSE)
    except TextRefused:
        return Refused("unreadable text")
    if len(tidied) > LONGEST_BODY:
        return Refused("too long")
    return Refused("no text") if is_blank(tidied) else tidied


def _name(text: str) -> str:
    try:
        tidied = tidy(_without_controls(text)[: 4 * LONGEST_NAME], READER_LINE)
    except TextRefused:
        return _NO_NAME
    return _NO_NAME if is_blank(tidied) else tidied[:LONGEST_NAME].strip()


def _without_controls(text: str) -> str:
    """Other systems keep characters that no feed can have."""
    return "".join(letter for letter in text if letter in "\n\t\r" or letter.isprintable() or not letter.isascii())


def _valid(kind: TypeAdapter[str], text: str | None) -> str | None:
    try:
        return kind.validate_python(text) if text else None
    except ValidationError:
        return None
