"""A picture's facts and the addresses of its variants: the one table that media, ingestion and rendering share.

Addresses follow from the facts alone, so a page can name a variant before it is made; media answers with the stripped
original until then. The stamp in a name changes with credit and focal point, so that every address stays immutable.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Shape = Literal["full", "16x9", "3x2", "4x3", "1x1"]
Format = Literal["avif", "webp", "jpg"]

FORMATS: Sequence[Format] = ("avif", "webp", "jpg")
CONTENT_TYPES: Mapping[str, str] = {
    "avif": "image/avif",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
}
FOLDER_DIGITS = 16
STAMP_DIGITS = 8
# Longest edge of the stripped original, in pixels.
LARGEST_ORIGINAL = 2560


@dataclass(frozen=True)
class ShapeRule:
    """A shape: its ratio (none for the whole picture), its widths in pixels, and its formats."""

    ratio: tuple[int, int] | None
    widths: Sequence[int]
    formats: Sequence[Format] = FORMATS


# Lists show 3:2 and leads 16:9; 4:3 and 1:1 are for search engines (JSON-LD), which read JPEG.
SHAPES: Mapping[Shape, ShapeRule] = {
    "full": ShapeRule(None, (640, 960, 1600)),
    "16x9": ShapeRule((16, 9), (480, 800, 1280, 1920)),
    "3x2": ShapeRule((3, 2), (320, 640, 960)),
    "4x3": ShapeRule((4, 3), (1200,), ("jpg",)),
    "1x1": ShapeRule((1, 1), (1200,), ("jpg",)),
}


class PictureFacts(BaseModel):
    """What pages need to know of a picture in the store.

    `folder`: first FOLDER_DIGITS hexadecimal digits of the upload's SHA-256. `width`, `height`: pixels of the stripped
    original, after orientation. `original`: its file name; `size_bytes`: its size. `focal_x`, `focal_y`: fractions, 0 to 1.
    `color`: the mean colour, `#rrggbb`, a placeholder while the picture loads.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    folder: str
    stamp: str
    width: int
    height: int
    original: str
    size_bytes: int
    focal_x: float = 0.5
    focal_y: float = 0.5
    color: str = "#808080"

    @property
    def original_path(self) -> str:
        """The public path of the stripped original. It exists from the upload's answer on."""
        return f"/media/{self.folder}/{self.original}"

    @property
    def original_type(self) -> str:
        """The content type of the stripped original."""
        return CONTENT_TYPES[self.original.rpartition(".")[2]]


class PictureRecord(BaseModel):
    """A picture as media announces it to ingestion: its facts and its default texts. `version` counts its changes.

    `decorative`: it says nothing that the text does not say, so it needs no `alt`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    version: int
    facts: PictureFacts
    alt: str = ""
    caption: str = ""
    credit: str = ""
    decorative: bool = False


@dataclass(frozen=True, order=True)
class VariantName:
    """The name of a variant's file: `{shape}-{width}-{stamp}.{format}`."""

    shape: Shape
    width: int
    stamp: str
    format: Format

    def __str__(self) -> str:
        return f"{self.shape}-{self.width}-{self.stamp}.{self.format}"


@dataclass(frozen=True)
class Variant:
    """One file that is made of a picture, with its size in pixels and its public path."""

    name: VariantName
    path: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        """The content type of the file."""
        return CONTENT_TYPES[self.name.format]


@dataclass(frozen=True)
class Box:
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


def crop_box(facts: PictureFacts, shape: Shape) -> Box:
    """The largest part of the picture with the ratio of `shape`, as near to the focal point as the edges allow."""
    ratio = SHAPES[shape].ratio
    if ratio is None:
        return Box(0, 0, facts.width, facts.height)
    width = min(facts.width, max(1, round(facts.height * ratio[0] / ratio[1])))
    height = min(facts.height, max(1, round(facts.width * ratio[1] / ratio[0])))
    return Box(
        _start(facts.focal_x, width, facts.width),
        _start(facts.focal_y, height, facts.height),
        width,
        height,
    )


def _start(focal: float, part: int, whole: int) -> int:
    return min(max(0, round(focal * whole - part / 2)), whole - part)


def widths(facts: PictureFacts, shape: Shape) -> Sequence[int]:
    """Widths of the variants of `shape`, ascending: never wider than its part of the picture, and at least one."""
    widest = crop_box(facts, shape).width
    fitting = [width for width in SHAPES[shape].widths if width <= widest]
    return fitting or [widest]


def variants(facts: PictureFacts, shape: Shape, format: Format) -> Sequence[Variant]:
    """The variants of one shape and format, narrowest first; empty where the shape has no such format."""
    if format not in SHAPES[shape].formats:
        return ()
    box = crop_box(facts, shape)
    return tuple(_variant(facts, shape, width, format, box) for width in widths(facts, shape))


def all_variants(facts: PictureFacts) -> Sequence[Variant]:
    """Every variant that media makes of a picture."""
    return tuple(
        variant
        for shape, rule in SHAPES.items()
        for format in rule.formats
        for variant in variants(facts, shape, format)
    )


def srcset(facts: PictureFacts, shape: Shape, format: Format) -> str:
    """The `srcset` of one `<source>`: paths with their widths."""
    return ", ".join(f"{variant.path} {variant.width}w" for variant in variants(facts, shape, format))


# Placeholders are classes, not style attributes: the pages' policy forbids inline style.
_TONE_STEP = 85
_COLOR = re.compile(r"#[0-9a-f]{6}")
TONES: Mapping[str, str] = {
    f"tone-{red}{green}{blue}": "#" + "".join(f"{level * _TONE_STEP:02x}" for level in (red, green, blue))
    for red in range(4)
    for green in range(4)
    for blue in range(4)
}


def tone_class(color: str) -> str:
    """The class of TONES whose colour is nearest to `color` (`#rrggbb`); that of a middle grey for any other text."""
    known = color.lower() if _COLOR.fullmatch(color.lower()) else "#808080"
    levels = (round(int(known[start : start + 2], 16) / _TONE_STEP) for start in (1, 3, 5))
    return "tone-" + "".join(str(level) for level in levels)


def _variant(facts: PictureFacts, shape: Shape, width: int, format: Format, box: Box) -> Variant:
    name = VariantName(shape, width, facts.stamp, format)
    height = max(1, round(width * box.height / box.width))
    return Variant(name, f"/media/{facts.folder}/{name}", width, height)


_NAME = re.compile(
    rf"({'|'.join(get_args(Shape))})-([1-9][0-9]{{0,4}})-([0-9a-f]{{{STAMP_DIGITS}}})\.({'|'.join(get_args(Format))})"
)
_ORIGINAL = re.compile(rf"original-([0-9a-f]{{{STAMP_DIGITS}}})\.(jpg|png)")


def parse_variant_name(name: str) -> VariantName | None:
    """The variant that a file name asks for; None for any other text."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    shape, width, stamp, format = found.groups()
    return VariantName(shape, int(width), stamp, format)  # type: ignore[arg-type]  # the pattern has no other texts


def original_name(stamp: str, *, has_alpha: bool) -> str:
    """The file name of the stripped original: JPEG, or PNG where the picture is partly transparent."""
    return f"original-{stamp}.{'png' if has_alpha else 'jpg'}"


def parse_original_name(name: str) -> str | None:
    """The stamp in the file name of a stripped original; None for any other text."""
    found = _ORIGINAL.fullmatch(name)
    return None if found is None else found.group(1)
