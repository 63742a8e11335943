"""XMP: credits in a picture as XML (ISO 16684-1; IPTC Photo Metadata Standard for the properties)."""

from collections.abc import Mapping
from xml.etree.ElementTree import ParseError, XMLParser
from xml.sax.saxutils import escape

_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIELDS: Mapping[str, str] = {
    f"{{{_DC}}}title": "title",
    f"{{{_PHOTOSHOP}}}Headline": "headline",
    f"{{{_DC}}}creator": "creator",
    f"{{{_PHOTOSHOP}}}Credit": "credit",
    f"{{{_DC}}}rights": "copyright",
}
_ITEM = f"{{{_RDF}}}li"
_LONGEST_BYTES = 1024 * 1024
# Enough for the authors of any photograph; more is an attack.
_MOST_ITEMS = 20
_LONGEST_TEXT = 10_000
# The id is the same in every packet.
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
    f'<rdf:Description rdf:about="" xmlns:dc="{_DC}" xmlns:photoshop="{_PHOTOSHOP}">'
    '%s</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
_WRITTEN: Mapping[str, str] = {
    "creator": "<dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>",
    "credit": "<photoshop:Credit>%s</photoshop:Credit>",
    "copyright": '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:rights>',
}


class _DoctypeFound(ValueError):
    """XMP has no document type. One here is there for its entities."""


class _PropertyReader:
    """Collects the texts of _FIELDS while the parser goes through the packet."""

    def __init__(self) -> None:
        self._field: str | None = None
        self._tag = ""
        self._items: dict[str, list[str]] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins. A simple property may be an attribute."""
        for name, value in attributes.items():
            if field := _FIELDS.get(name):
                self._items.setdefault(field, [value[:_LONGEST_TEXT]])
        if self._field is None and tag in _FIELDS:
            self._field, self._tag = _FIELDS[tag], tag
            self._items.setdefault(self._field, [""])
        elif self._field is not None and tag == _ITEM and len(self._items[self._field]) < _MOST_ITEMS:
            self._items[self._field].append("")

    def data(self, text: str) -> None:
        """Text inside an element."""
        if self._field is not None:
            items = self._items[self._field]
            items[-1] = (items[-1] + text)[:_LONGEST_TEXT]

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == self._tag:
            self._field, self._tag = None, ""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type before its entities are read."""
        raise _DoctypeFound(name)

    def close(self) -> Mapping[str, str]:
        """The texts. Several creators are joined; of a text in several languages the first counts."""
        found = {field: [text.strip() for text in items if text.strip()] for field, items in self._items.items()}
        return {field: ", ".join(texts) if field == "creator" else texts[0] for field, texts in found.items() if texts}


def read_xmp(packet: bytes) -> Mapping[str, str]:
    """The texts of a packet, by field: title, headline, creator, credit, copyright. Empty for a packet that is not well-formed."""
    if len(packet) > _LONGEST_BYTES:
        return {}
    target = _PropertyReader()
    parser = XMLParser(target=target)
    try:
        parser.feed(packet.strip(b"\x00 \r\n\t"))
        parser.close()
    except (ParseError, ValueError, LookupError):
        return {}
    return target.close()


def write_xmp(texts: Mapping[str, str]) -> bytes:
    """A packet with these texts, by field: creator, credit, copyright. Empty ones are left out."""
    properties = "".join(_WRITTEN[field] % escape(text) for field, text in texts.items() if text)
    return (_PACKET % properties).encode("utf-8")
