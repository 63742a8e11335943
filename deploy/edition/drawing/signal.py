"""Scenes of signals and instruments: globes, networks, waves, orbits, clocks, circuits, patterns."""

import math
from random import Random

from deploy.edition.drawing.canvas import (
    HEIGHT,
    PAPER,
    WIDTH,
    Canvas,
    Palette,
    Point,
    Scene,
    mix,
    outline,
    spread,
    wobble,
)


def globe(c: Canvas, rng: Random, p: Palette) -> None:
    """A tilted globe in halftone: invented continents as dots, one meridian in red."""
    x, y, size = 640, 360, 318
    c.disc(x, y, size, mix(p.hue, p.line, 0.62))
    lands = [(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.16, 0.44)) for _ in range(30)]
    step = 13
    for row in range(-25, 26):
        for column in range(-25, 26):
            px, py = column * step + (row % 2) * step / 2, row * step
            depth = size * size - px * px - py * py
            if depth <= 300:
                continue
            point = (px / size, py / size, math.sqrt(depth) / size)
            value = max(reach - math.dist(point, land) for *land, reach in lands)
            if value > 0:
                c.disc(x + px, y + py, min(6.2, 2 + value * 22), PAPER)
            else:
                c.disc(x + px, y + py, 1.2, mix(p.hue, PAPER, 0.4))
    tilt = 0.4
    meridian = []
    for n in range(61):
        angle = math.pi * n / 60
        mx, my = size * 0.45 * math.sin(angle), -size * math.cos(angle)
        meridian.append((x + mx * math.cos(tilt) - my * math.sin(tilt), y + mx * math.sin(tilt) + my * math.cos(tilt)))
    c.line(meridian, p.accent, 7)
    for n in range(3):
        c.ring(x, y, size + 26 + n * 20, p.line, 2.4 - n * 0.6)


def network(c: Canvas, rng: Random, p: Palette) -> None:
    """Places on a dark sea joined by arcs; one of them is lit red."""
    for n in range(34):
        c.line(outline(wobble(rng, 2, 2.4, 5), 12 + n * 22), p.faint, 1.4)
    places = spread(rng, 20, 130, 80)
    pairs = [(a, b) for n, a in enumerate(places) for b in places[n + 1 :] if 180 < math.dist(a, b) < 520]
    for first, second in rng.sample(pairs, min(34, len(pairs))):
        c.line(_bow(first, second, 0.22), mix(p.hue, p.line, 0.25), 2)
    first, second = max(pairs, key=lambda pair: math.dist(*pair))
    c.line(_bow(first, second, 0.24), p.accent, 6)
    for place in places:
        c.disc(*place, 9, p.line)
        c.disc(*place, 4, p.ground)
    for place in (first, second):
        c.disc(*place, 17, p.accent)
        c.disc(*place, 7, p.line)


def _bow(first: Point, second: Point, lift: float) -> list[Point]:
    (ax, ay), (bx, by) = first, second
    mid_x, mid_y = (ax + bx) / 2, (ay + by) / 2 - lift * math.dist(first, second) * 2
    return [
        (
            (1 - t) ** 2 * ax + 2 * t * (1 - t) * mid_x + t * t * bx,
            (1 - t) ** 2 * ay + 2 * t * (1 - t) * mid_y + t * t * by,
        )
        for t in (n / 40 for n in range(41))
    ]


def arcs(c: Canvas, rng: Random, p: Palette) -> None:
    """Two coasts joined by many thin arcs, one of them red."""
    left, right = wobble(rng, 4, 1.2, 46), wobble(rng, 4, 1.2, 46)
    west = [(220 + left(y * 2), y) for y in range(-10, HEIGHT + 11, 6)]
    east = [(1060 + right(y * 2), y) for y in range(-10, HEIGHT + 11, 6)]
    for n in range(5, 0, -1):
        c.line([(x + n * 16, y) for x, y in west], mix(p.ground, p.teal, 0.5 - n * 0.08), 3)
        c.line([(x - n * 16, y) for x, y in east], mix(p.ground, p.teal, 0.5 - n * 0.08), 3)
    c.poly([(-5, -10), *west, (-5, HEIGHT + 10)], p.hue)
    c.poly([(WIDTH + 5, -10), *east, (WIDTH + 5, HEIGHT + 10)], p.teal)
    for n in range(42):
        first = (rng.uniform(50, 190), rng.uniform(180, 680))
        second = (rng.uniform(1090, 1230), rng.uniform(180, 680))
        chosen = n == 41
        c.line(_bow(first, second, 0.15 + 0.06 * rng.random()), p.accent if chosen else p.line, 6 if chosen else 1.5)
        for place in (first, second):
            c.disc(*place, 12 if chosen else 5, p.accent if chosen else PAPER)


def antenna(c: Canvas, rng: Random, p: Palette) -> None:
    """A mast on a plain sending out rings."""
    top = (460, 200)
    for n in range(15, 0, -1):
        c.disc(*top, n * 66, mix(p.ground, p.hue, 0.1 + 0.07 * (15 - n) if n % 2 else 0.04 * (15 - n)))
    for n in range(1, 7):
        c.arc(*top, n * 66 + 20, -0.5, 0.5, p.accent, 5 - n * 0.5)
    c.below(outline(wobble(rng, 3, 1, 14), 590), p.deep)
    c.below(outline(wobble(rng, 3, 1.4, 10), 640), p.line)
    for side in (-1, 1):
        c.line([(460 + side * 52, 620), (460 + side * 5, 206)], p.line, 7)
    for n in range(9):
        low, high = 620 - n * 46, 620 - (n + 1) * 46
        wide, narrow = 52 - n * 5.2, 52 - (n + 1) * 5.2
        c.line([(460 - wide, low), (460 + narrow, high)], p.line, 3)
        c.line([(460 + wide, low), (460 - narrow, high)], p.line, 3)
    c.line([(460, 206), (460, 130)], p.line, 5)
    c.disc(460, 128, 11, p.accent)
    for side in (-1, 1):
        c.line([(460, 300), (460 + side * 250, 622)], p.line, 1.6)
    for x, size in ((800, 1.0), (880, 0.8), (1010, 1.2), (1090, 0.9)):
        c.poly(
            [
                (x - 44 * size, 606),
                (x - 40 * size, 566),
                (x, 524 - 10 * size),
                (x + 40 * size, 566),
                (x + 44 * size, 606),
            ],
            p.line,
        )
        c.rect(x - 6, 578, 12, 28, p.hue)


def waves(c: Canvas, rng: Random, p: Palette) -> None:
    """Sound across a gorge: lines whose swing swells in the gap between two hillsides."""
    pace = rng.uniform(0.03, 0.036)
    for n in range(25):
        level = 96 + n * 22
        points = []
        for x in range(-10, WIDTH + 11, 4):
            envelope = math.exp(-(((x - 640) / 250) ** 2)) * math.exp(-(((n - 12) / 8) ** 2))
            points.append(
                (x, level - 74 * envelope * math.sin(x * pace + n * 0.22) * math.cos(x * pace * 0.37 + n * 0.1))
            )
        c.line(points, p.accent if n == 12 else mix(p.ground, p.hue, 0.85), 5 if n == 12 else 2.4)
    left = [(-5, 60), (130, 96), (236, 190), (262, 330), (340, 430), (372, 560), (452, 725), (-5, 725)]
    right = [(1285, 90), (1170, 120), (1080, 210), (1040, 320), (950, 420), (930, 570), (850, 725), (1285, 725)]
    for shape, edge in ((left, 1), (right, -1)):
        c.poly([(x + edge * 34, y + 26) for x, y in shape], mix(p.hue, p.line, 0.35))
        c.poly(shape, p.line)
    for x, y, side in ((196, 150, 1), (1112, 176, -1)):
        c.disc(x, y - 52, 11, p.line)
        c.poly([(x - 12, y + 6), (x - 9, y - 40), (x + 9, y - 40), (x + 12, y + 6)], p.line)
        c.line([(x, y - 34), (x + side * 20, y - 46)], p.line, 6)


def orbit(c: Canvas, rng: Random, p: Palette) -> None:
    """Thin orbits about a dark globe and one small red satellite."""
    for _ in range(150):
        c.disc(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.choice((0.9, 1.4, 2)), p.line, 0.8)
    x, y, size = 560, 640, 400
    for n in range(10):
        angle = -1.25 + n * 0.16
        flat = 0.34
        path = []
        for k in range(121):
            t = k / 120 * math.tau
            px, py = (size + 90 + n * 15) * math.cos(t), (size + 90 + n * 15) * flat * math.sin(t)
            path.append(
                (x + px * math.cos(angle) - py * math.sin(angle), y + px * math.sin(angle) + py * math.cos(angle))
            )
        c.line(path, p.hue, 1.8, 0.8)
    c.disc(x, y, size, mix(p.ground, p.hue, 0.55))
    c.disc(x + 46, y + 46, size - 34, mix(p.ground, p.hue, 0.3))
    for _ in range(240):
        angle, reach = rng.uniform(math.pi, math.tau), rng.uniform(0.1, 0.93) * size
        px, py = x + reach * math.cos(angle), y + reach * math.sin(angle)
        if math.sin(px / 61) + math.cos(py / 47) > 0.3:
            c.disc(px, py, rng.choice((1.6, 2.4, 3)), p.pale)
    sx, sy = 940, 190
    c.line([(sx, sy), (640, 470)], p.accent, 2)
    c.poly([(sx - 34, sy - 20), (sx + 14, sy - 40), (sx + 36, sy + 8), (sx - 12, sy + 30)], p.accent)
    for side in (-1, 1):
        ox, oy = sx + side * 72, sy - 5 - side * 32
        c.poly([(ox - 40, oy + 8), (ox + 26, oy - 20), (ox + 40, oy + 10), (ox - 26, oy + 38)], p.line)
        c.line([(ox - 33, oy + 23), (ox + 33, oy - 5)], p.ground, 2)
        c.line([(ox - 7, oy - 6), (ox + 7, oy + 24)], p.ground, 2)


def fingerprint(c: Canvas, rng: Random, p: Palette) -> None:
    """Ridges around a core, broken here and there, one of them red."""
    swirl = rng.uniform(0, math.tau)
    for n in range(1, 25):
        red = n == 11
        start = rng.uniform(0, math.tau)
        gap = rng.uniform(0.1, 0.5) if not red else 0.0
        points = []
        for k in range(181):
            angle = start + gap + (math.tau - 2 * gap) * k / 180
            reach = (
                n * 15.5 * (1 + 0.045 * math.sin(2 * angle + swirl) + 0.03 * math.sin(3 * angle + 2 * swirl) * n / 24)
            )
            points.append(
                (640 + reach * math.cos(angle) * 1.06, 370 + reach * math.sin(angle) * 1.32 - 18 * math.sin(angle) ** 2)
            )
        c.line(points, p.accent if red else p.line if n % 3 else p.deep, 7.5)
    for n in range(3):
        side = 470 + n * 62
        c.arc(640, 370, side, -0.5, 0.5, p.deep, 5 - n)
        c.arc(640, 370, side, math.pi - 0.5, math.pi + 0.5, p.deep, 5 - n)


def clock(c: Canvas, rng: Random, p: Palette) -> None:
    """A face made of ticks alone, with one red hand."""
    x, y = 640, 360
    for ring in range(5):
        radius = 320 - ring * 44
        count = 240 // (ring + 1)
        for n in range(count):
            angle = n / count * math.tau + rng.uniform(-0.004, 0.004)
            long = n % (count // 12 or 1) == 0
            length = 34 if long else 16
            tone = p.line if long else (p.hue, p.teal, p.pale, p.hue, mix(p.ground, p.line, 0.5))[ring]
            c.line(
                [(x + r * math.cos(angle), y + r * math.sin(angle)) for r in (radius, radius - length)],
                tone,
                4 if long else 2,
            )
    angle = -math.pi / 2 + rng.uniform(0.5, 0.9)
    c.line(
        [(x - 70 * math.cos(angle), y - 70 * math.sin(angle)), (x + 318 * math.cos(angle), y + 318 * math.sin(angle))],
        p.accent,
        7,
    )
    c.disc(x, y, 20, p.accent)
    c.disc(x, y, 7, p.ground)
    for side in (-1, 1):
        for n in range(1, 6):
            c.arc(
                x,
                y,
                350 + n * 44,
                -0.38 if side == 1 else math.pi - 0.38,
                0.38 if side == 1 else math.pi + 0.38,
                mix(p.ground, p.hue, 0.7 - n * 0.1),
                3,
            )


def circuit(c: Canvas, rng: Random, p: Palette) -> None:
    """Blocks of a chip and the traces between them; one block is lit."""
    cell = 40
    taken: set[tuple[int, int]] = set()
    blocks = []
    for _ in range(400):
        column, row, wide, tall = rng.randrange(0, 29), rng.randrange(0, 15), rng.randrange(3, 8), rng.randrange(2, 5)
        area = {(a, b) for a in range(column - 1, column + wide + 1) for b in range(row - 1, row + tall + 1)}
        if not area & taken and column + wide < 32 and row + tall < 18:
            taken |= {(a, b) for a in range(column, column + wide) for b in range(row, row + tall)}
            blocks.append((column * cell + 8, row * cell + 8, wide * cell - 16, tall * cell - 16))
    for row in range(36):
        tone = mix(p.ground, p.hue, rng.choice((0.25, 0.4, 0.6)))
        start = rng.uniform(-200, 600)
        level = row * 20 + 10
        bend = rng.choice((-20, 20, 40, -40))
        path = [
            (start, level),
            (start + 180, level),
            (start + 180 + abs(bend), level + bend),
            (start + rng.uniform(420, 900), level + bend),
        ]
        c.line(path, tone, 3)
        for end in (path[0], path[-1]):
            c.disc(*end, 6, tone)
    lit = min(range(len(blocks)), key=lambda n: math.dist(blocks[n][:2], (620, 260)))
    for n, (x, y, wide, tall) in enumerate(blocks):
        tone = p.accent if n == lit else rng.choice((p.hue, p.deep, p.teal, mix(p.ground, p.line, 0.3)))
        c.rect(x - 4, y - 4, wide + 8, tall + 8, p.ground)
        c.rect(x, y, wide, tall, tone)
        for k in range(int(wide // 14)):
            c.rect(x + 5 + k * 14, y - 10, 5, 8, p.line, 0.8)
            c.rect(x + 5 + k * 14, y + tall + 2, 5, 8, p.line, 0.8)
        for k in range(1, int(tall // 16)):
            c.line([(x + 8, y + k * 16), (x + wide - 8, y + k * 16)], mix(tone, p.ground, 0.45), 2)


def zellige(c: Canvas, rng: Random, p: Palette) -> None:
    """Eight-pointed stars and crosses; a few in other glazes, one in red."""
    size = 80
    c.rect(0, 0, WIDTH, HEIGHT, (251, 250, 246))
    for row in range(-1, 6):
        for column in range(-1, 10):
            x, y = column * 2 * size * 0.9 + 64, row * 2 * size * 0.9 + 72
            chosen = (column, row) == (5, 2)
            glaze = p.accent if chosen else rng.choice((p.teal, p.teal, p.hue, p.hue, mix(p.hue, PAPER, 0.35), p.deep))
            c.poly(_star(x, y, size * 0.84, 8, 0.765), glaze)
            c.line([*_star(x, y, size * 0.6, 8, 0.765), _star(x, y, size * 0.6, 8, 0.765)[0]], PAPER, 4)
            c.poly(_star(x, y, size * 0.34, 8, 0.6), PAPER)
            cx, cy = x + size * 0.9, y + size * 0.9
            c.poly(_star(cx, cy, size * 0.5, 4, 0.42), p.line if rng.random() < 0.75 else p.hue)
            c.disc(cx, cy, 7, PAPER)


def _star(x: float, y: float, size: float, points: int, waist: float) -> list[Point]:
    corners = []
    for n in range(points * 2):
        angle = n / (points * 2) * math.tau
        reach = size if n % 2 == 0 else size * waist
        corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return corners


SCENES: dict[str, Scene] = {
    "antenna": antenna,
    "arcs": arcs,
    "circuit": circuit,
    "clock": clock,
    "fingerprint": fingerprint,
    "globe": globe,
    "network": network,
    "orbit": orbit,
    "waves": waves,
    "zellige": zellige,
}
