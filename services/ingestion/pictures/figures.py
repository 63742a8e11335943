"""HTML of the store's pictures in a text: figures, galleries, pictures within a line, and what of it the sanitiser lets through.

The addresses follow from the picture's facts (`shared/pictures.py`), so a page needs no other service.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from shared.figures import PHONE_COLUMN, SEE_THROUGH, column_sizes, placeholder_class, shown_size
from shared.pictures import (
    CONTENT_TYPES,
    FOLDER_DIGITS,
    STAMP_DIGITS,
    TONES,
    Format,
    PictureFacts,
    PictureRecord,
    Variant,
    srcset,
    variants,
)

# Each is about 1 KB of HTML, and Kafka's limit is 900 KB.
MOST_PICTURES = 100
# Browsers without WebP, and feed readers, take this one: the text column at double density is 1280 pixels.
_FALLBACK_WIDTH = 960
_MODERN: Sequence[Format] = ("avif", "webp")

TAGS = frozenset({"picture", "source", "figure", "figcaption", "div", "span"})
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "source": frozenset({"type", "srcset", "sizes"}),
    "img": frozenset({"width", "height", "class"}),
    "figure": frozenset({"class"}),
    "div": frozenset({"class"}),
    "span": frozenset({"class"}),
}
_VARIANT = rf"/media/[0-9a-f]{{{FOLDER_DIGITS}}}/full-[1-9][0-9]{{0,4}}-[0-9a-f]{{{STAMP_DIGITS}}}\.(?:avif|webp|jpg)"
_SRCSET = re.compile(rf"{_VARIANT} [1-9][0-9]{{0,4}}w(?:, {_VARIANT} [1-9][0-9]{{0,4}}w)*")
_SIZES = re.compile(rf"(?:\(min-width: [0-9]+(?:rem|px)\) [0-9.]+(?:rem|px), )*{re.escape(PHONE_COLUMN)}")
_PIXELS = re.compile(r"[1-9][0-9]{0,5}")
_CLASSES: Mapping[str, frozenset[str]] = {
    "img": frozenset({*TONES, SEE_THROUGH}),
    "figure": frozenset({"picture"}),
    "div": frozenset({"gallery"}),
    "span": frozenset({"credit"}),
}


@dataclass(frozen=True)
class Mention:
    """A picture where a text shows it: id, description and caption as written, both empty where the picture's own count."""

    media_id: str
    alt: str
    caption: str = ""


def alt_of(mention: Mention, record: PictureRecord) -> str:
    """The description: as written, else the picture's own."""
    return mention.alt.strip() or record.alt


def figure(mention: Mention, record: PictureRecord, *, half: bool = False) -> str:
    """A picture that stands alone, with caption and credit. `half`: beside another one in a gallery."""
    caption = mention.caption.strip() or record.caption
    texts = [escape(caption)] if caption else []
    if record.credit:
        texts.append(f'<span class="credit">{escape(record.credit)}</span>')
    below = f"<figcaption>{' '.join(texts)}</figcaption>" if texts else ""
    return f'<figure class="picture">{picture(mention, record, half=half)}{below}</figure>\n'


def gallery(figures: Sequence[str]) -> str:
    """Several figures of one paragraph."""
    return f'<div class="gallery">\n{"".join(figures)}</div>\n'


def picture(mention: Mention, record: PictureRecord, *, half: bool = False) -> str:
    """The picture in the formats and widths that there are, its size, and its colour until it is loaded."""
    facts = record.facts
    sizes, (width, height) = column_sizes(facts, half=half), shown_size(facts)
    sources = "".join(
        f'<source type="{CONTENT_TYPES[format]}" srcset="{escape(srcset(facts, "full", format))}" sizes="{sizes}">'
        for format in _MODERN
    )
    return (
        f'<picture>{sources}<img src="{escape(_fallback(facts).path)}" alt="{escape(alt_of(mention, record))}"'
        f' width="{width}" height="{height}" loading="lazy" decoding="async" class="{placeholder_class(facts)}"></picture>'
    )


def allowed_value(tag: str, name: str, value: str) -> str | None:
    """The attribute's value if only `picture` or `figure` can have made it, else None."""
    if name == "srcset":
        return value if _SRCSET.fullmatch(value) else None
    if name == "sizes":
        return value if _SIZES.fullmatch(value) else None
    if name == "type":
        return value if value in {CONTENT_TYPES[format] for format in _MODERN} else None
    if name in ("width", "height"):
        return value if _PIXELS.fullmatch(value) else None
    return value if value in _CLASSES.get(tag, ()) else None


def _fallback(facts: PictureFacts) -> Variant:
    found = variants(facts, "full", "jpg")
    return next((variant for variant in reversed(found) if variant.width <= _FALLBACK_WIDTH), found[0])
