"""Pictures drawn for tests, by Pillow: another library than the one under test."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

KINDS: Sequence[str] = ("jpeg", "png", "webp", "avif", "gif")


def drawing(width: int = 320, height: int = 200, mode: str = "RGB") -> Image.Image:
    """A picture of four coloured quarters: red, green, blue, yellow, row by row; with alpha, the last one is transparent."""
    image = Image.new(mode, (width, height), (200, 30, 30) if mode == "RGB" else (200, 30, 30, 255))
    draw = ImageDraw.Draw(image)
    opaque, clear = ((), ()) if mode == "RGB" else ((255,), (0,))
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=(30, 200, 30, *opaque))
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=(30, 30, 200, *opaque))
    draw.rectangle((width // 2, height // 2, width, height), fill=(230, 230, 30, *clear))
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def picture(kind: str = "jpeg", width: int = 320, height: int = 200) -> bytes:
    """A small file of a type."""
    return encoded(drawing(width, height), kind)


def opened(data: bytes) -> Image.Image:
    """A file's picture, decoded as a whole."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    """A pixel's red, green and blue."""
    red, green, blue = image.convert("RGB").getpixel((x, y))  # type: ignore[misc]  # three bands
    return int(red), int(green), int(blue)
