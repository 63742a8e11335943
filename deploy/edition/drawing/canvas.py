"""The canvas of the scenes: flat colours in logical units of 1280x720, supersampled."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

WIDTH = 1280
HEIGHT = 720

Colour = tuple[int, int, int]
Point = tuple[float, float]

PAPER: Colour = (242, 239, 231)
WHITE: Colour = (251, 250, 246)
INK: Colour = (21, 24, 29)
NIGHT: Colour = (22, 29, 38)
RED: Colour = (168, 35, 26)
BRIGHT_RED: Colour = (222, 74, 54)
TEAL: Colour = (12, 90, 96)
LIGHT_TEAL: Colour = (96, 170, 170)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """A mix of two colours; `share` is the second one's."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return (red, green, blue)


@dataclass(frozen=True)
class Palette:
    """The colours of one picture. `line` has a high contrast to `ground`, `faint` a low one."""

    ground: Colour
    line: Colour
    faint: Colour
    hue: Colour
    deep: Colour
    pale: Colour
    accent: Colour
    teal: Colour

    def steps(self, first: Colour, last: Colour, count: int) -> list[Colour]:
        """Evenly spaced colours between two, both ends included."""
        return [mix(first, last, index / max(1, count - 1)) for index in range(count)]


def palette(ground: str, hue: Colour) -> Palette:
    """The palette for a ground (`paper`, `night` or `hue`) and a section's own colour."""
    if ground == "night":
        return Palette(
            ground=NIGHT,
            line=PAPER,
            faint=mix(NIGHT, PAPER, 0.16),
            hue=hue,
            deep=mix(hue, NIGHT, 0.6),
            pale=mix(hue, PAPER, 0.45),
            accent=BRIGHT_RED,
            teal=LIGHT_TEAL,
        )
    base = PAPER if ground == "paper" else mix(hue, PAPER, 0.52)
    return Palette(
        ground=base,
        line=INK,
        faint=mix(base, INK, 0.14),
        hue=hue,
        deep=mix(hue, INK, 0.55),
        pale=mix(hue, PAPER, 0.6) if ground == "paper" else mix(hue, PAPER, 0.78),
        accent=RED,
        teal=TEAL,
    )


class Canvas:
    """Flat shapes in logical units, drawn at `scale` times the size and reduced once at the end."""

    def __init__(self, scale: int, ground: Colour) -> None:
        self.scale = scale
        self.image = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), ground)
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def _at(self, points: Iterable[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def poly(self, points: Sequence[Point], fill: Colour, opacity: float = 1.0) -> None:
        self.pen.polygon(self._at(points), fill=(*fill, round(255 * opacity)))

    def rect(self, x: float, y: float, width: float, height: float, fill: Colour, opacity: float = 1.0) -> None:
        self.poly([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], fill, opacity)

    def line(self, points: Sequence[Point], fill: Colour, width: float = 2, opacity: float = 1.0) -> None:
        pixels = max(1, round(width * self.scale))
        self.pen.line(self._at(points), fill=(*fill, round(255 * opacity)), width=pixels, joint="curve")

    def disc(self, x: float, y: float, radius: float, fill: Colour, opacity: float = 1.0) -> None:
        (left, top), (right, bottom) = self._at([(x - radius, y - radius), (x + radius, y + radius)])
        self.pen.ellipse((left, top, right, bottom), fill=(*fill, round(255 * opacity)))

    def ring(self, x: float, y: float, radius: float, fill: Colour, width: float = 2, opacity: float = 1.0) -> None:
        self.arc(x, y, radius, 0, math.tau, fill, width, opacity)

    def arc(
        self,
        x: float,
        y: float,
        radius: float,
        start: float,
        end: float,
        fill: Colour,
        width: float = 2,
        opacity: float = 1.0,
    ) -> None:
        """Part of a circle; angles in radians, clockwise from the right."""
        steps = max(12, round(abs(end - start) * radius / 5))
        angles = [start + (end - start) * step / steps for step in range(steps + 1)]
        self.line([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles], fill, width, opacity)

    def below(self, outline: Sequence[Point], fill: Colour, opacity: float = 1.0) -> None:
        """Fills everything under a line that runs from the left edge to the right one."""
        self.poly([*outline, (WIDTH + 5, HEIGHT + 5), (-5, HEIGHT + 5)], fill, opacity)

    def finished(self) -> Image.Image:
        return self.image.reduce(self.scale)


Curve = Callable[[float], float]


def wobble(rng: Random, waves: int, first: float, swing: float) -> Curve:
    """A smooth irregular curve over x: a few sines, each faster and flatter than the one before."""
    parts = [
        (first * (1.7**n) * rng.uniform(0.8, 1.2), rng.uniform(0, math.tau), swing / (1.9**n)) for n in range(waves)
    ]
    return lambda x: sum(size * math.sin(x / WIDTH * math.tau * pace + phase) for pace, phase, size in parts)


def outline(curve: Curve, level: float, step: float = 6) -> list[Point]:
    """The points of a curve around a level, from edge to edge of the sheet."""
    count = round(WIDTH / step) + 3
    return [(x * step - step, level + curve(x * step - step)) for x in range(count)]


def spread(rng: Random, count: int, gap: float, margin: float = 60) -> list[Point]:
    """Up to `count` points over the sheet, none closer to another than `gap`."""
    points: list[Point] = []
    for _ in range(count * 40):
        point = (rng.uniform(margin, WIDTH - margin), rng.uniform(margin, HEIGHT - margin))
        if all(math.dist(point, other) >= gap for other in points):
            points.append(point)
        if len(points) == count:
            break
    return points


Scene = Callable[[Canvas, Random, Palette], None]
