"""IPTC-IIM: the older form of credits in a picture, inside a Photoshop resource block.

Sources: IPTC-NAA Information Interchange Model 4.2 (datasets), Adobe Photoshop File Formats Specification (image resources).
"""

from collections.abc import Iterator, Mapping

_SIGNATURE = b"Photoshop 3.0\x00"
_RESOURCE = b"8BIM"
_IPTC_RESOURCE = 0x0404
_MARKER = 0x1C
_CHARACTER_SET = (1, 90)
_UTF_8 = b"\x1b%G"
_RECORD_VERSION = (2, 0)
_FIELDS: Mapping[tuple[int, int], str] = {
    (2, 5): "title",
    (2, 105): "headline",
    (2, 80): "creator",
    (2, 110): "credit",
    (2, 116): "copyright",
}
# A resource block is one JPEG segment of 64 KiB; a longer one is not from a photograph.
_LONGEST_BYTES = 1024 * 1024
# A length with the highest bit set has further bytes. No text of a credit is that long.
_EXTENDED = 0x8000


def read_iim(block: bytes) -> Mapping[str, str]:
    """The texts of a resource block, by field: title, headline, creator (several joined), credit, copyright.

    Anything that is not well-formed ends the reading; the fields before it count.
    """
    found: dict[str, str] = {}
    is_utf8 = False
    for dataset, value in _datasets(_iptc_of(block[:_LONGEST_BYTES])):
        if dataset == _CHARACTER_SET:
            is_utf8 = value == _UTF_8
        elif field := _FIELDS.get(dataset):
            text = _decoded(value, is_utf8)
            found[field] = f"{found[field]}, {text}" if field in found and field == "creator" else text
    return found


def _iptc_of(block: bytes) -> bytes:
    """The IPTC resource of a block. Some programs leave the Photoshop frame out: then the block itself."""
    if block[:1] == bytes([_MARKER]):
        return block
    place = len(_SIGNATURE) if block.startswith(_SIGNATURE) else 0
    while block[place : place + 4] == _RESOURCE and place + 12 <= len(block):
        kind = int.from_bytes(block[place + 4 : place + 6], "big")
        # A name has its length before it, and takes an even number of bytes with it.
        place += 6 + (block[place + 6] + 2) // 2 * 2
        size = int.from_bytes(block[place : place + 4], "big")
        place += 4
        if kind == _IPTC_RESOURCE:
            return block[place : place + size]
        place += size + size % 2
    return b""


def _datasets(data: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    place = 0
    while place + 5 <= len(data) and data[place] == _MARKER:
        size = int.from_bytes(data[place + 3 : place + 5], "big")
        if size & _EXTENDED:
            return
        yield (data[place + 1], data[place + 2]), data[place + 5 : place + 5 + size]
        place += 5 + size


def _decoded(value: bytes, is_utf8: bool) -> str:
    """The text; without a declared character set UTF-8 where it fits, else Western European, as most programs write."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if is_utf8 else "cp1252", errors="replace")


def write_iim(texts: Mapping[str, str]) -> bytes:
    """A resource block with these texts, in UTF-8, by field: creator, credit, copyright. Empty ones are left out."""
    numbers = {field: dataset for dataset, field in _FIELDS.items()}
    data = _dataset(_CHARACTER_SET, _UTF_8) + _dataset(_RECORD_VERSION, b"\x00\x04")
    for field, text in texts.items():
        if text:
            data += _dataset(numbers[field], text.encode("utf-8"))
    padding = b"\x00" * (len(data) % 2)
    kind = _IPTC_RESOURCE.to_bytes(2, "big")
    return _SIGNATURE + _RESOURCE + kind + b"\x00\x00" + len(data).to_bytes(4, "big") + data + padding


def _dataset(number: tuple[int, int], value: bytes) -> bytes:
    return bytes([_MARKER, *number]) + len(value).to_bytes(2, "big") + value
