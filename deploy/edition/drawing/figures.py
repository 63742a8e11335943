"""Scenes of trade: charts, coins, containers, ledgers, blocks and trees of hashes."""

import math
from itertools import pairwise
from random import Random

from deploy.edition.drawing.canvas import HEIGHT, PAPER, WIDTH, Canvas, Colour, Palette, Point, Scene, mix


def market(c: Canvas, rng: Random, p: Palette) -> None:
    """A price curve over fine rules, with the bars of volume beneath."""
    for n in range(9):
        c.line([(70, 90 + n * 62), (1210, 90 + n * 62)], p.faint, 2)
    value, points = 0.0, []
    for n in range(96):
        value += rng.gauss(0, 0.34) + 0.13 * math.sin(n / 15 + rng.random())
        points.append(value)
    low, high = min(points), max(points)
    curve = [(70 + n * 12, 470 - 350 * (v - low) / (high - low)) for n, v in enumerate(points)]
    c.poly([*curve, (1210, 586), (70, 586)], mix(p.ground, p.hue, 0.42))
    for n, (x, y) in enumerate(curve):
        tall = 18 + abs(rng.gauss(0, 34)) + (70 if n % 31 == 17 else 0)
        c.rect(x, 660 - tall, 8, tall, p.teal if n % 31 != 17 else p.hue)
        c.rect(x + 3, y, 1.6, 586 - y, p.ground, 0.6)
    c.line(curve, p.accent, 7)
    x, y = curve[-1]
    c.disc(x, y, 14, p.accent)
    c.disc(x, y, 6, p.ground)
    c.rect(70, 662, 1140, 4, p.line)


def containers(c: Canvas, rng: Random, p: Palette) -> None:
    """Stacked boxes that make a falling bar chart."""
    heights = [10, 10, 9, 9, 8, 7, 7, 6, 5, 4, 4]
    tones = [p.teal, p.hue, p.deep, mix(p.teal, PAPER, 0.4), mix(p.hue, PAPER, 0.35), p.line]
    for column, height in enumerate(heights):
        for row in range(height):
            x, y = 60 + column * 106, 612 - row * 54
            colour = p.accent if (column, row) == (9, 3) else rng.choice(tones)
            c.rect(x, y, 100, 49, colour)
            for n in range(1, 10):
                c.rect(x + n * 10 - 1, y + 6, 3, 37, mix(colour, p.ground, 0.16))
    c.rect(0, 662, WIDTH, 5, p.line)
    crest = [(110 + n * 106, 588 - h * 54) for n, h in enumerate(heights)]
    c.line(crest, p.line, 4)
    for x, y in crest:
        c.disc(x, y, 7, p.line)


def coins(c: Canvas, rng: Random, p: Palette) -> None:
    """Discs of many sizes with a hole in the middle, one of them red."""
    placed: list[tuple[float, float, float]] = []
    tones = [p.hue, p.deep, p.teal, mix(p.hue, PAPER, 0.45), mix(p.teal, PAPER, 0.45), p.line]
    for _ in range(4000):
        size: float = rng.choice((118, 92, 70, 52, 38, 28, 20, 14)) if len(placed) > 6 else rng.choice((118, 104))
        x, y = rng.uniform(-30, WIDTH + 30), rng.uniform(-30, HEIGHT + 30)
        if all(math.dist((x, y), (ox, oy)) > size + other + 5 for ox, oy, other in placed):
            placed.append((x, y, size))
    red = min(range(len(placed)), key=lambda n: math.dist(placed[n][:2], (760, 330)) + 12 * abs(placed[n][2] - 60))
    for n, (*at, radius) in enumerate(placed):
        _coin(c, (at[0], at[1]), radius, p.accent if n == red else rng.choice(tones), p)


def _coin(c: Canvas, at: Point, size: float, colour: Colour, p: Palette) -> None:
    light = mix(colour, PAPER, 0.4)
    c.disc(*at, size, colour)
    if size > 24:
        c.ring(*at, size * 0.88, light, max(1.5, size / 36))
        ticks = round(size * 0.8)
        for n in range(ticks):
            angle = n / ticks * math.tau
            c.line(
                [(at[0] + size * r * math.cos(angle), at[1] + size * r * math.sin(angle)) for r in (0.74, 0.82)],
                light,
                2,
            )
    c.disc(*at, size * 0.24, p.ground)
    c.ring(*at, size * 0.34, light, max(1.2, size / 50))


def circle(c: Canvas, rng: Random, p: Palette) -> None:
    """Forty points in a ring, each joined to all the others; one has its lines in red."""
    points = [(640 + 540 * math.cos(n / 40 * math.tau), 360 + 300 * math.sin(n / 40 * math.tau)) for n in range(40)]
    chosen = rng.randrange(30, 38)
    for n, first in enumerate(points):
        for second in points[n + 1 :: 3]:
            c.line([first, second], mix(p.ground, p.hue, 0.7), 1.2)
    for other in points:
        c.line([points[chosen], other], p.accent, 2)
    for n, (x, y) in enumerate(points):
        c.disc(x, y, 19 if n == chosen else 11, p.accent if n == chosen else p.line if n % 2 else p.teal)


def blocks(c: Canvas, rng: Random, p: Palette) -> None:
    """Cubes in a chain, each with the mark of the one before it on its face."""
    for n in range(22):
        c.line([(60, 40 + n * 31), (1220, 40 + n * 31)], p.faint, 1.6)
    c.line([(132, -5), (132, 725)], mix(p.ground, p.accent, 0.4), 2)
    places = [(112 + n * 211, 470 - n * 42 + 36 * (n % 2)) for n in range(6)]
    for (ax, ay), (bx, by) in pairwise(places):
        for k in range(3):
            t = 0.38 + k * 0.13
            c.ring(ax + (bx - ax) * t + 12, ay + (by - ay) * t - 6, 17, p.line, 6)
    marks = [[rng.random() < 0.5 for _ in range(16)] for _ in places]
    for n, (x, y) in enumerate(places):
        _cube(c, (x, y), 98, p.accent if n == 4 else (p.hue, p.teal, p.deep)[n % 3])
        for k in range(16):
            if marks[n][k]:
                px, py = x - 80 + (k % 4) * 18, y - 32 + (k // 4) * 23 + (k % 4) * 9.5
                c.poly([(px, py), (px + 14, py + 7.5), (px + 14, py + 24), (px, py + 17)], PAPER)
        if n:
            for k in range(16):
                if marks[n - 1][k]:
                    px, py = x + 30 + (k % 4) * 12, y + 44 + (k // 4) * 12 - (k % 4) * 6.5
                    c.poly([(px, py), (px + 8, py - 4), (px + 8, py + 5), (px, py + 9)], PAPER)


def _cube(c: Canvas, at: Point, size: float, colour: Colour) -> None:
    x, y = at
    wide, half = size * 0.94, size * 0.5
    c.poly([(x, y - size), (x + wide, y - half), (x, y), (x - wide, y - half)], mix(colour, PAPER, 0.42))
    c.poly([(x - wide, y - half), (x, y), (x, y + size * 1.1), (x - wide, y + half + size * 0.1)], colour)
    c.poly(
        [(x + wide, y - half), (x, y), (x, y + size * 1.1), (x + wide, y + half + size * 0.1)],
        mix(colour, (21, 24, 29), 0.4),
    )


def tree(c: Canvas, rng: Random, p: Palette) -> None:
    """Sixteen squares joined two by two up to a single red one; one path is heavy."""
    levels = [[(640.0 + (n - (2**d - 1) / 2) * 1216 / 2**d, 90.0 + d * 136) for n in range(2**d)] for d in range(5)]
    leaf = rng.randrange(3, 13)
    path = {(d, leaf >> (4 - d)) for d in range(5)}
    for d in range(1, 5):
        for n, (x, y) in enumerate(levels[d]):
            up = levels[d - 1][n // 2]
            heavy = (d, n) in path
            c.line([(x, y), (x, y - 68), (up[0], y - 68), up], p.accent if heavy else p.line, 7 if heavy else 3)
    for d, level in enumerate(levels):
        size = (54, 42, 34, 28, 24)[d]
        for n, (x, y) in enumerate(level):
            on_path = (d, n) in path
            c.rect(x - size, y - size, 2 * size, 2 * size, p.accent if on_path else p.deep if d % 2 else p.teal)
            for k in range(16):
                if rng.random() < 0.48:
                    cell = size * 1.44 / 4
                    c.rect(
                        x - size * 0.72 + (k % 4) * cell, y - size * 0.72 + (k // 4) * cell, cell - 2, cell - 2, PAPER
                    )


def hashgrid(c: Canvas, rng: Random, p: Palette) -> None:
    """A field of random squares in which a key shows as the only order."""

    def in_key(x: float, y: float) -> bool:
        bow = math.dist((x, y), (400, 360))
        if 66 < bow < 158:
            return True
        return (
            (540 < x < 990 and abs(y - 360) < 34)
            or (860 < x < 905 and 360 < y < 480)
            or (940 < x < 990 and 360 < y < 510)
        )

    tones = [mix(p.ground, p.hue, share) for share in (0.12, 0.24, 0.4, 0.55)] + [p.faint, p.ground, p.ground]
    for row in range(30):
        for column in range(53):
            x, y = column * 24 + 16, row * 24 + 12
            if in_key(x, y):
                c.rect(
                    x - 11,
                    y - 11,
                    22,
                    22,
                    p.accent if rng.random() < 0.1 else rng.choice((p.deep, p.line, p.line, p.deep)),
                )
            else:
                size = rng.choice((8, 10, 11))
                c.rect(x - size, y - size, 2 * size, 2 * size, rng.choice(tones))


SCENES: dict[str, Scene] = {
    "blocks": blocks,
    "circle": circle,
    "coins": coins,
    "containers": containers,
    "hashgrid": hashgrid,
    "market": market,
    "tree": tree,
}
