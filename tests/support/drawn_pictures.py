"""Pictures drawn for tests, by Pillow: another library than the one under test."""

import io
from collections.abc import Sequence

from PIL import Image

KINDS: Sequence[str] = ("jpeg", "png", "webp", "avif", "gif")


def drawing(width: int = 320, height: int = 200, mode: str = "RGB") -> Image.Image:
    """A picture of four coloured quarters: red, green, blue, yellow, row by row; with alpha, the last one is transparent."""
    quarters = Image.new(mode, (2, 2))
    colors = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (230, 230, 30))
    for number, color in enumerate(colors):
        alpha = 0 if number == 3 else 255
        quarters.putpixel((number % 2, number // 2), color if mode == "RGB" else (*color, alpha))
    return quarters.resize((width, height), Image.Resampling.NEAREST)


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
