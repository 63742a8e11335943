"""The type of a file by its first bytes, before any decoder sees them. Names and declared types do not count."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

Kind = Literal["jpeg", "png", "webp", "avif", "gif"]

CONTENT_TYPES: Mapping[Kind, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
}
# Enough for the brands of an ISO media file and for an XML prologue before `<svg`.
HEAD_BYTES = 1024

_ACCEPTED = "Accepted are JPEG, PNG, WebP, AVIF and GIF."
_EXPORT = "Export it as JPEG, PNG, WebP or AVIF."
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_SIGNATURES: Sequence[tuple[bytes, Kind]] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
_REFUSED: Sequence[tuple[bytes, str]] = (
    (b"%PDF-", f"This is a PDF document, not a picture. {_EXPORT}"),
    (b"II*\x00", f"This is a TIFF picture or a camera's raw file. {_EXPORT}"),
    (b"MM\x00*", f"This is a TIFF picture or a camera's raw file. {_EXPORT}"),
    (b"II+\x00", f"This is a TIFF picture. {_EXPORT}"),
    (b"MM\x00+", f"This is a TIFF picture. {_EXPORT}"),
    (b"BM", f"This is a BMP picture. {_EXPORT}"),
    (b"8BPS", f"This is a Photoshop document. {_EXPORT}"),
    (b"\xff\x0a", f"This is a JPEG XL picture. {_EXPORT}"),
    (b"\x00\x00\x00\x0cJXL ", f"This is a JPEG XL picture. {_EXPORT}"),
    (b"\x00\x00\x00\x0cjP  ", f"This is a JPEG 2000 picture. {_EXPORT}"),
    (b"PK\x03\x04", f"This is a ZIP archive or an office document, not a picture. {_ACCEPTED}"),
)
_HEIC = (
    f"This is a HEIC picture, as iPhones take it. {_EXPORT} On an iPhone: Settings, Camera, Formats, Most Compatible."
)
_SVG = f"This is an SVG drawing. It may contain scripts, so it is not accepted. {_EXPORT}"
_MARKUP = f"This is an HTML or XML document, not a picture. {_ACCEPTED}"
_UNKNOWN = f"The file is not a picture of a known type. {_ACCEPTED}"
_EMPTY = "The file is empty."
_TAG = re.compile(rb"<[!?a-z]", re.IGNORECASE)


class TypeRefused(ValueError):
    """The file is of no accepted type. The message says of which type it is, where that is known."""


def kind_of(head: bytes) -> Kind:
    """The type of a file from its first HEAD_BYTES. Raises TypeRefused."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    brands = _brands(head)
    if brands & _AVIF_BRANDS:
        return "avif"
    raise TypeRefused(_refusal(head, brands))


def _brands(head: bytes) -> frozenset[bytes]:
    """The major and the compatible brands of an ISO media file (ISO/IEC 14496-12, `ftyp`)."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return frozenset([head[8:12], *(head[place : place + 4] for place in range(16, end - 3, 4))])


def _refusal(head: bytes, brands: frozenset[bytes]) -> str:
    if not head:
        return _EMPTY
    if brands:
        return _HEIC if brands & _HEIC_BRANDS else f"This is a video or another media file. {_ACCEPTED}"
    for signature, text in _REFUSED:
        if head.startswith(signature):
            return text
    return _refusal_of_text(head)


def _refusal_of_text(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not _TAG.match(text):
        return _UNKNOWN
    return _SVG if b"<svg" in text.lower() else _MARKUP
