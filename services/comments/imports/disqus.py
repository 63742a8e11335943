"""Disqus' XML export (`http://disqus.com`, https://docs.disqus.com/developers/export/), read as a stream."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from services.comments.imports.html_text import to_text
from services.comments.imports.source import BadImport, SourceComment, SourceThread
from services.comments.model.rules import Status

_NAMESPACE = "{http://disqus.com}"
_ID = "{http://disqus.com/disqus-internals}id"
_TRUE = "true"


class DisqusExport:
    """An export file. Deleted comments come as removed ones without text, since replies may need them."""

    name = "disqus"

    def __init__(self, path: Path) -> None:
        self._path = path

    def threads(self) -> Iterator[SourceThread]:
        """All threads that are not deleted."""
        for element in self._elements("thread"):
            # A post names its thread by an empty element of the same name.
            if element.find(f"{_NAMESPACE}link") is not None and not _is(element, "isDeleted"):
                yield SourceThread(
                    _id_of(element), _text(element, "link"), _text(element, "title"), _is(element, "isClosed")
                )

    def comments(self) -> Iterator[SourceComment]:
        """All posts."""
        for element in self._elements("post"):
            yield _comment(element)

    def _elements(self, name: str) -> Iterator[etree._Element]:
        found = False
        try:
            # Entities are not resolved and nothing is loaded: the file comes from outside.
            steps = etree.iterparse(
                str(self._path), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
            )
            depth = 0
            for event, element in steps:
                depth += 1 if event == "start" else -1
                if not found and element.tag != f"{_NAMESPACE}disqus":
                    raise BadImport("the file is XML, but no export of Disqus")
                found = True
                if event == "end" and depth == 1:
                    if element.tag == f"{_NAMESPACE}{name}":
                        yield element
                    _forget(element)
        except etree.XMLSyntaxError as error:
            raise BadImport(f"the file is no whole XML: {error}") from error
        except OSError as error:
            raise BadImport(f"the file cannot be read: {error}") from error


def _forget(element: etree._Element) -> None:
    """Free an element and those before it, so that memory does not grow with the file."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _comment(post: etree._Element) -> SourceComment:
    author = post.find(f"{_NAMESPACE}author")
    spam, deleted = _is(post, "isSpam"), _is(post, "isDeleted")
    status: Status = "rejected" if spam else "removed" if deleted else "published"
    return SourceComment(
        id=_id_of(post),
        thread=_reference(post, "thread") or "",
        parent=_reference(post, "parent"),
        name="" if author is None else _text(author, "name") or _text(author, "username"),
        email="" if author is None else _text(author, "email"),
        website=None if author is None else _text(author, "link") or None,
        body="" if status == "removed" else to_text(_text(post, "message")),
        status=status,
        created_at=_time(_text(post, "createdAt"), _id_of(post)),
        spam=spam,
    )


def _id_of(element: etree._Element) -> str:
    found = element.get(_ID)
    if not found:
        raise BadImport(f"a {etree.QName(element).localname} has no dsq:id (line {element.sourceline})")
    return str(found)


def _reference(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{_NAMESPACE}{name}")
    return None if found is None else found.get(_ID)


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{_NAMESPACE}{name}") or "").strip()


def _is(element: etree._Element, name: str) -> bool:
    return _text(element, name) == _TRUE


def _time(text: str, post: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadImport(f"post {post}: createdAt is no time: {text!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
