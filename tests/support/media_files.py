"""Small real pictures, drawn for tests, under the names that media gives them."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from shared.pictures import CONTENT_TYPES, PictureFacts, crop_box, parse_original_name, parse_variant_name
from tests.support.drawn_pictures import encoded

_QUALITY = 40


@dataclass(frozen=True)
class MediaFile:
    """A picture's file."""

    content: bytes
    media_type: str


def draw_scene(width: int, height: int) -> Image.Image:
    """Hills under a sun, with the sun in the middle: a crop away from it can be seen."""
    scene = Image.new("RGB", (width, height), "#d9b48a")
    draw = ImageDraw.Draw(scene)
    reach = min(width, height) // 5
    middle = (width // 2, height // 2)
    draw.ellipse([*(at - reach for at in middle), *(at + reach for at in middle)], fill="#f6e3b0")
    for place, colour in enumerate(("#a8735a", "#7d4f4a", "#4e3340")):
        top = height * (6 + place) // 10
        peaks = [(width * step // 6, top - (height // 8) * ((step + place) % 2)) for step in range(7)]
        draw.polygon([(0, height), *peaks, (width, height)], fill=colour)
    return scene


@lru_cache(maxsize=256)
def draw_file(facts: PictureFacts, name: str, *, ready: bool = True) -> MediaFile | None:
    """The file of a picture: a variant, or the original; None for any other name. Not `ready`: variants are the original."""
    variant = parse_variant_name(name)
    if variant is None and parse_original_name(name) is None:
        return None
    scene = draw_scene(facts.width, facts.height)
    if variant is None or not ready:
        return MediaFile(_encode(scene, "jpg"), CONTENT_TYPES["jpg"])
    box = crop_box(facts, variant.shape)
    part = scene.crop((box.left, box.top, box.left + box.width, box.top + box.height))
    size = (variant.width, max(1, round(variant.width * box.height / box.width)))
    return MediaFile(_encode(part.resize(size), variant.format), CONTENT_TYPES[variant.format])


def _encode(picture: Image.Image, format: str) -> bytes:
    speed = {"speed": 10} if format == "avif" else {}
    return encoded(picture, {"jpg": "jpeg"}.get(format, format), quality=_QUALITY, **speed)
