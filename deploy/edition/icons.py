"""`python -m deploy.edition.icons` draws `static/icon.svg` as the PNG files that phones and search engines require.

The files are committed, so that the platform needs no Pillow.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

STATIC = Path(__file__).resolve().parents[2] / "services" / "rendering" / "pages" / "static"
PAPER, INK = "#fbfaf6", "#a8231a"
# The line of icon.svg, in its coordinates of 32 by 32.
BEAT = ((2, 17), (9, 17), (12, 21), (16, 5), (20, 28), (23, 14), (25, 17), (30, 17))
GROUND, STROKE, CORNER = 32, 2.4, 3
_FINER = 4
_COLOURS = 32


@dataclass(frozen=True)
class Icon:
    """A file: its size in pixels, whether its corners are round, and the scale of the mark."""

    name: str
    size: int
    round: bool = True
    scale: float = 1.0


# Apple rounds corners itself; a maskable icon may be cut to a circle of 80 % (W3C Web App Manifest, 2.5.2).
ICONS = (
    Icon("icon-180.png", 180, round=False, scale=0.86),
    Icon("icon-192.png", 192),
    Icon("icon-512.png", 512),
    Icon("icon-maskable-512.png", 512, round=False, scale=0.68),
)


def draw(icon: Icon) -> Image.Image:
    """Draw an icon at a higher resolution and reduce it, for smooth edges."""
    side = icon.size * _FINER
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, side - 1, side - 1), side * CORNER / GROUND if icon.round else 0, fill=PAPER)
    unit = side / GROUND * icon.scale
    shift = side * (1 - icon.scale) / 2
    points = [(shift + x * unit, shift + y * unit) for x, y in BEAT]
    pen.line(points, fill=INK, width=round(STROKE * unit), joint="curve")
    radius = STROKE * unit / 2
    for x, y in points:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=INK)
    return image.resize((icon.size, icon.size), Image.Resampling.LANCZOS)


def main() -> None:
    """Draw all icons."""
    for icon in ICONS:
        image = draw(icon)
        small = image.quantize(_COLOURS) if icon.round else image.convert("RGB").quantize(_COLOURS)
        small.save(STATIC / icon.name, optimize=True)
        print(f"{icon.name}: {(STATIC / icon.name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
