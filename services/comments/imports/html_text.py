"""HTML of another system as plain text: paragraphs, line breaks, quotations, and links with their address."""

import re

from lxml import html

_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"})
_DROPPED = frozenset({"script", "style", "template", "noscript", "iframe", "object", "embed"})
_SPACES = re.compile(r"[ \t\r\f\v]*\n[ \t\r\f\v]*")
_EMPTY_LINES = re.compile(r"\n{3,}")


def to_text(source: str) -> str:
    """The text that a reader would see. A link whose text is not its address is followed by the address in brackets."""
    if not source.strip():
        return ""
    root = html.fragment_fromstring(f"<div>{source}</div>")
    text = "".join(_pieces(root))
    return _EMPTY_LINES.sub("\n\n", _SPACES.sub("\n", text)).strip()


def _pieces(root: html.HtmlElement) -> list[str]:
    # No recursion: the file decides how deep its elements are.
    pieces: list[str] = []
    waiting: list[html.HtmlElement | str] = [root]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            waiting += reversed(_parts(piece))
    return pieces


def _parts(element: html.HtmlElement) -> list["html.HtmlElement | str"]:
    tail = element.tail or ""
    if not isinstance(element.tag, str) or element.tag in _DROPPED:
        return [tail]
    if element.tag == "br":
        return ["\n", tail]
    edge = "\n\n" if element.tag in _BLOCKS and element.tag != "li" else "\n" if element.tag == "li" else ""
    return [edge, element.text or "", *element, _address(element), edge, tail]


def _address(element: html.HtmlElement) -> str:
    address = (element.get("href") or "").strip() if element.tag == "a" else ""
    if not address.startswith(("http://", "https://")):
        return ""
    shown = "".join(element.itertext()).strip()
    # Disqus shortens the shown address and ends it with dots.
    if shown == address or address.partition("://")[2].startswith(
        shown.removesuffix("...").partition("://")[2] or "\0"
    ):
        return "" if shown == address else f" ({address})"
    return f" ({address})"
