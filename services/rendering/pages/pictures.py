"""Pictures in their places: which shape of a picture a place shows, at which widths, and what other sites get of it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from services.rendering.pages.models import Picture, Source
from shared import events
from shared.figures import PHONE_COLUMN, placeholder_class, shown_size
from shared.pictures import CONTENT_TYPES, PictureFacts, Shape, Variant, crop_box, srcset, variants

Place = Literal["article", "lead", "second", "story", "row-first", "row", "small"]

# Recommended by search engines and by cards of other sites; wider ones only cost their readers time.
CARD_WIDTH = 1200
_TEXT_WIDTH = 900
# A smaller picture is shown whole: it would be blurred at the width of a lead.
_SMALLEST_LEAD = 480


@dataclass(frozen=True, slots=True)
class PlaceRule:
    """A place for pictures: its shape, and its width on the page, from which the browser chooses a file."""

    shape: Shape
    sizes: str


# Widths as in `site.css`; a test compares them with the widths in a browser.
_MAIN_COLUMN = f"(min-width: 80rem) 50rem, (min-width: 64rem) calc(100vw - 30rem), {PHONE_COLUMN}"
PLACES: Mapping[Place, PlaceRule] = {
    "article": PlaceRule("16x9", "(min-width: 80rem) 50rem, (min-width: 64rem) calc(100vw - 4rem), 100vw"),
    "lead": PlaceRule("16x9", _MAIN_COLUMN),
    "second": PlaceRule("16x9", f"(min-width: 64rem) 22rem, (min-width: 48rem) calc(50vw - 2rem), {PHONE_COLUMN}"),
    "story": PlaceRule(
        "3x2",
        "(min-width: 80rem) 30rem, (min-width: 64rem) calc(62.5vw - 20rem), "
        f"(min-width: 48rem) calc(62.5vw - 2.5rem), {PHONE_COLUMN}",
    ),
    "row-first": PlaceRule("16x9", _MAIN_COLUMN),
    "row": PlaceRule("3x2", "(min-width: 40rem) 15rem, calc(38vw - 0.76rem)"),
    "small": PlaceRule("3x2", "6.5rem"),
}


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture in its place: the attributes of `<picture>`. `is_whole`: shown uncut, although its place has a shape."""

    url: str
    width: int
    height: int
    sizes: str
    sources: tuple[Source, ...] = ()
    srcset: str = ""
    placeholder: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One file of a picture, for other sites. `url` is a path or an address; the rest is None where unknown."""

    url: str
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None


def as_picture(picture: events.Picture | None) -> Picture | None:
    """The picture of an event or of a stored card in the form that templates show."""
    if picture is None:
        return None
    return Picture(picture.url, picture.alt, picture.caption, picture.credit, media=picture.media)


def shown(picture: Picture, place: Place) -> ShownPicture:
    """The picture in a place. A picture by its address has no variants but the address."""
    if picture.media is not None:
        return _shown(picture.media, place)
    return ShownPicture(picture.url, picture.width, picture.height, PLACES[place].sizes)


@lru_cache(maxsize=4096)
def _shown(facts: PictureFacts, place: Place) -> ShownPicture:
    rule = PLACES[place]
    is_whole = place == "article" and loses_most(facts, rule.shape)
    shape: Shape = "full" if is_whole else rule.shape
    widest = variants(facts, shape, "jpg")[-1]
    width, height = shown_size(facts) if is_whole else (widest.width, widest.height)
    return ShownPicture(
        widest.path,
        width,
        height,
        f"(min-width: {width}px) {width}px, 100vw" if is_whole else rule.sizes,
        tuple(Source(CONTENT_TYPES[format], srcset(facts, shape, format)) for format in ("avif", "webp")),
        srcset(facts, shape, "jpg"),
        placeholder_class(facts),
        is_whole,
    )


def loses_most(facts: PictureFacts, shape: Shape) -> bool:
    """Whether a crop shows less than half of the picture, or is too small for the place of a lead."""
    box = crop_box(facts, shape)
    return 2 * box.width * box.height < facts.width * facts.height or box.width < _SMALLEST_LEAD


def jpeg(facts: PictureFacts, shape: Shape, at_least: int) -> Variant:
    """The narrowest JPEG of a shape that has a width in pixels; the widest where none has."""
    made = variants(facts, shape, "jpg")
    return next((variant for variant in made if variant.width >= at_least), made[-1])


_LAZY = ' loading="lazy" decoding="async"'
_OPENING_PICTURE = re.compile(rf"\s*(?:<(?:p|div|figure|picture|source)\b[^>]*>\s*)+<img\b[^>]*{_LAZY}")


def with_early_picture(body_html: str) -> str:
    """The text of an article without a lead picture: a picture that opens it is fetched at once."""
    if _OPENING_PICTURE.match(body_html) is None:
        return body_html
    return body_html.replace(_LAZY, ' fetchpriority="high"', 1)


def card_file(picture: Picture, shape: Shape = "16x9", at_least: int = CARD_WIDTH) -> PictureFile:
    """The file for cards of other sites. The size is known for pictures of our own store only."""
    if picture.media is not None:
        made = jpeg(picture.media, shape, at_least)
        return PictureFile(made.path, made.content_type, made.width, made.height)
    return PictureFile(picture.url)


def card_files(picture: Picture) -> Sequence[PictureFile]:
    """The files for search engines: 16:9, 4:3 and 1:1 where there are crops."""
    if picture.media is None:
        return (card_file(picture),)
    return tuple(card_file(picture, shape) for shape in ("16x9", "4x3", "1x1"))


def original_file(picture: Picture) -> PictureFile:
    """The whole picture with its length in bytes, if it is in our store."""
    facts = picture.media
    if facts is None:
        return card_file(picture)
    return PictureFile(facts.original_path, facts.original_type, facts.width, facts.height, facts.size_bytes)


def text_file(picture: Picture) -> PictureFile:
    """The whole picture at the width of a text, for readers without a choice of files; the size only where it is known."""
    if picture.media is None:
        return PictureFile(picture.url)
    made = jpeg(picture.media, "full", _TEXT_WIDTH)
    return PictureFile(made.path, made.content_type, made.width, made.height)


def thumbnail_file(picture: Picture) -> PictureFile | None:
    """The narrowest file of 16:9; None for a picture of others."""
    return None if picture.media is None else card_file(picture, at_least=0)
