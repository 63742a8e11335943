"""Files that a picture service must survive: bombs, polyglots, large and wrong metadata."""

import struct
import zlib

from tests.support.drawn_pictures import picture

PHOTOSHOP = b"Photoshop 3.0\x00"
_HTML = b"<html><script>alert(document.domain)</script></html>"


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_zeros(width: int, height: int, *, data: bytes | None = None, before: bytes = b"") -> bytes:
    """A black RGB picture that needs a thousandth of its size; `data` replaces its pixels, `before` goes before them."""
    packer = zlib.compressobj(9)
    if data is None:
        data = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", head) + before + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def gif_of_frames(count: int) -> bytes:
    """An animation of one pixel in 23 bytes a frame."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    control = b"\x21\xf9\x04\x00\x00\x00\x00\x00"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + (control + frame) * count + b";"


def jpeg_with(segments: bytes) -> bytes:
    """A JPEG with further segments before its own."""
    plain = picture("jpeg")
    return plain[:2] + segments + plain[2:]


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """A segment of at most 65,533 bytes, such as APP1 (0xE1) or a comment (0xFE)."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def iim_dataset(number: int, value: bytes) -> bytes:
    """A dataset of IPTC-IIM's record 2."""
    return bytes([0x1C, 2, number]) + struct.pack(">H", len(value)) + value


def iim_segment(*datasets: bytes) -> bytes:
    """An APP13 segment with datasets, as Photoshop writes it."""
    data = b"".join(datasets)
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(data)) + data + b"\x00" * (len(data) % 2)
    return jpeg_segment(0xED, PHOTOSHOP + resource)


def xmp_packet(properties: str) -> bytes:
    """An XMP packet with these properties."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        f' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">{properties}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def xmp_segment(properties: str) -> bytes:
    """An APP1 segment with an XMP packet."""
    return jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + xmp_packet(properties))


POLYGLOTS = {
    "a JPEG with HTML in a comment": jpeg_with(jpeg_segment(0xFE, _HTML)),
    "a JPEG with HTML behind it": picture("jpeg") + _HTML,
    "a JPEG with a PDF in a comment": jpeg_with(jpeg_segment(0xFE, b"%PDF-1.7\n1 0 obj<</JS(x)>>")),
    "a JPEG with a JAR behind it": picture("jpeg") + b"PK\x03\x04META-INF/MANIFEST.MF" + b"PK\x05\x06" + bytes(18),
    "a GIF that is a script": picture("gif") + b"=1;alert(document.domain)//",
    "a PNG with PHP in a text": png_of_zeros(8, 8, before=png_chunk(b"tEXt", b"Comment\x00<?php system(1);")),
}
HOSTILE_BYTES = (b"<script", b"<html", b"%PDF", b"PK\x03\x04", b"alert(", b"<?php", b"META-INF")
