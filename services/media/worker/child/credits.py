"""Credits of a picture: read from an upload's IPTC and XMP, tidied, and written into every file that is made.

Everything else that an upload carries (camera, place, comments, colour profile) is dropped.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import pyvips

from services.media.worker.child.iim import read_iim, write_iim
from services.media.worker.child.xmp import read_xmp, write_xmp
from services.media.worker.jobs import CreditTexts
from shared.text import DIRECTION_MARKS, READER_LINE, TextRefused, tidy

# Longer ones are cut: the form shows them, and its own limits are of this size.
_LONGEST: Mapping[str, int] = {"creator": 200, "credit": 200, "copyright": 500, "title": 200}
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


@dataclass(frozen=True)
class EmbeddedTexts:
    """The texts that an upload carries, as plain text; empty where it has none."""

    creator: str = ""
    credit: str = ""
    copyright: str = ""
    title: str = ""


def read_texts(header: pyvips.Image) -> EmbeddedTexts:
    """The texts of an opened upload. XMP counts before IPTC-IIM, which cuts long texts."""
    found = {**_filled(read_iim(_blob(header, "iptc-data"))), **_filled(read_xmp(_blob(header, "xmp-data")))}
    found.setdefault("title", found.get("headline", ""))
    return EmbeddedTexts(**{field: found.get(field, "") for field in _LONGEST})


def _filled(texts: Mapping[str, str]) -> dict[str, str]:
    tidied = {field: _tidied(text, _LONGEST.get(field, 200)) for field, text in texts.items()}
    return {field: text for field, text in tidied.items() if text}


def _tidied(text: str, longest: int) -> str:
    """The text as a line of plain text. Nobody can correct a file, so wrong characters are removed, not refused."""
    line = _NOT_TEXT.sub(" ", text[: 4 * longest])
    line = "".join(character for character in line if character not in DIRECTION_MARKS)
    try:
        return _cut(tidy(line, READER_LINE), longest)
    except TextRefused:
        return ""


def _cut(line: str, longest: int) -> str:
    """At most so many characters, and no letter without its marks."""
    while len(line) > longest and unicodedata.combining(line[longest]):
        longest -= 1
    return line[:longest].rstrip()


def _blob(header: pyvips.Image, name: str) -> bytes:
    return bytes(header.get(name)) if header.get_typeof(name) else b""


def with_texts(image: pyvips.Image, texts: CreditTexts) -> pyvips.Image:
    """The image with these texts as its only metadata; `image` must have none."""
    fields = {"creator": texts.creator, "credit": texts.credit, "copyright": texts.copyright}
    if not any(fields.values()):
        return image
    credited = image.copy()
    credited.set_type(pyvips.GValue.blob_type, "iptc-data", write_iim(fields))
    credited.set_type(pyvips.GValue.blob_type, "xmp-data", write_xmp(fields))
    return credited
