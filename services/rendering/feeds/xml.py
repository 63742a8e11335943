"""Writes XML that is well-formed whatever its texts, and article HTML for use outside our pages."""

import re
from collections.abc import Mapping

from lxml import etree, html

# Characters that XML 1.0 cannot hold: controls, lone surrogates, two non-characters.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

XML = "http://www.w3.org/XML/1998/namespace"


def writable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _UNWRITABLE.sub("", text)


class Node:
    """An element under construction. Names are `tag` or `prefix:tag`, with prefixes of the root's namespaces."""

    def __init__(self, name: str, namespaces: Mapping[str | None, str], parent: "Node | None" = None) -> None:
        self._namespaces = namespaces
        qualified = self._qualified(name, namespaces.get(None))
        if parent is None:
            self._element = etree.Element(qualified, nsmap=dict(namespaces))
        else:
            self._element = etree.SubElement(parent._element, qualified)

    def add(self, name: str, text: str | None = None, **attributes: str) -> "Node":
        """Append a child element. A `_` in an attribute's name means the colon after its prefix."""
        node = Node(name, self._namespaces, self)
        for key, value in attributes.items():
            node._element.set(self._qualified(key.rstrip("_").replace("_", ":"), None), writable(value))
        if text is not None:
            node._element.text = writable(text)
        return node

    def set(self, name: str, value: str) -> None:
        """Set an attribute."""
        self._element.set(self._qualified(name, None), writable(value))

    def _qualified(self, name: str, default: str | None) -> str:
        prefix, colon, local = name.rpartition(":")
        namespace = (XML if prefix == "xml" else self._namespaces[prefix]) if colon else default
        return local if namespace is None else f"{{{namespace}}}{local}"

    def as_bytes(self) -> bytes:
        """The whole document in UTF-8, with an XML declaration."""
        written: bytes = etree.tostring(self._element, encoding="utf-8", xml_declaration=True)
        return written


_CHOICES = ("srcset", "sizes", "class", "loading", "decoding", "fetchpriority")


def _with_plain_pictures(root: html.HtmlElement) -> None:
    # libxml2 does not know that `<source>` is empty, and puts what follows into it.
    for choice in (*root.iter("source"), *root.iter("picture")):
        choice.drop_tag()
    for image in root.iter("img"):
        for name in _CHOICES:
            image.attrib.pop(name, None)


def absolute_html(fragment: str, base_url: str) -> str:
    """Sanitised HTML with absolute addresses, for feed readers. Each picture has one file: few of them choose among several."""
    if not fragment.strip():
        return ""
    root = html.fragment_fromstring(writable(fragment), create_parent="div")
    _with_plain_pictures(root)
    root.make_links_absolute(base_url, resolve_base_href=False)
    inner: str = html.tostring(root, encoding="unicode")
    return inner.removeprefix("<div>").removesuffix("</div>")
