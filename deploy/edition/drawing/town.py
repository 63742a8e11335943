"""Scenes of towns and buildings: arcades, maps, shelves, grounds and halls."""

import math
from random import Random

from deploy.edition.drawing.canvas import HEIGHT, PAPER, WIDTH, Canvas, Colour, Palette, Point, Scene, mix


def arches(c: Canvas, rng: Random, p: Palette) -> None:
    """A vaulted street, arch within arch, with a shaft of light on the third."""
    count = 8
    colours = p.steps(mix(p.hue, PAPER, 0.35), mix(p.hue, p.line, 0.82), count)
    for n in range(count):
        size = 1.5 * 0.735**n
        width, spring, floor = 470 * size, 350 - 190 * size + 60, 720 - 130 * (1 - size / 1.5) * 1.2
        shape = _arch(640, spring, width, floor)
        c.poly(shape, colours[n])
        if n == 2:
            c.line(shape[:-1], p.accent, 8)
    c.poly(_arch(640, 372, 40, 600), PAPER)
    c.poly([(560, -5), (640, -5), (520, 620), (330, 720), (250, 720)], PAPER, 0.34)
    c.poly([(330, 720), (250, 720), (420, 560), (520, 590)], PAPER, 0.25)
    for x, tall in ((676, 44), (700, 50)):
        c.disc(x, 596 - tall, 7, p.line)
        c.poly([(x - 9, 600), (x - 7, 604 - tall + 6), (x + 7, 604 - tall + 6), (x + 9, 600)], p.line)


def _arch(x: float, spring: float, half: float, floor: float) -> list[Point]:
    """A pointed arch: two arcs that meet over the middle."""
    left = [
        (x + half - 2 * half * math.cos(a * math.pi / 60), spring - 1.55 * half * math.sin(a * math.pi / 60))
        for a in range(21)
    ]
    right = [(2 * x - px, py) for px, py in reversed(left)]
    return [(x - half, floor), *left, *right, (x + half, floor), (x - half, floor)]


def awnings(c: Canvas, rng: Random, p: Palette) -> None:
    """Striped market awnings from above, aisles between them."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.hue, PAPER, 0.5))
    tones = [p.hue, p.teal, p.accent, p.deep, mix(p.hue, p.line, 0.25), mix(p.teal, PAPER, 0.3)]
    for row in range(6):
        x = -60.0 - (row % 2) * 46
        while x < WIDTH:
            width, y = rng.choice((110, 132, 154)), row * 128 - 26 + rng.uniform(-5, 5)
            colour = tones[rng.randrange(len(tones))]
            c.rect(x + 9, y + 10, width, 92, mix(p.hue, p.line, 0.4), 0.55)
            c.rect(x, y, width, 92, (251, 250, 246))
            stripes = width // 11
            for n in range(0, stripes, 2):
                c.rect(x + n * width / stripes, y, width / stripes, 92, colour)
            c.line([(x, y + 46), (x + width, y + 46)], p.line, 2, 0.4)
            x += width + rng.choice((12, 18, 40))
    for row in range(5):
        for _ in range(12):
            x, y = rng.uniform(0, WIDTH), row * 128 + 88 + rng.uniform(-6, 6)
            c.disc(x, y, 6, rng.choice((p.line, p.accent, p.deep)))


def citymap(c: Canvas, rng: Random, p: Palette) -> None:
    """A dense quarter of irregular blocks, one lane in red through it."""
    c.rect(0, 0, WIDTH, HEIGHT, (251, 250, 246))
    columns, rows = 19, 12
    jitter = [[(rng.uniform(-17, 17), rng.uniform(-15, 15)) for _ in range(columns + 2)] for _ in range(rows + 2)]
    nodes = [
        [
            (x * 72 - 110 + jitter[y][x][0] + y * 7, y * 68 - 40 + jitter[y][x][1] - x * 5 + 40)
            for x in range(columns + 2)
        ]
        for y in range(rows + 2)
    ]
    tones = [mix(p.hue, PAPER, share) for share in (0.35, 0.5, 0.62, 0.74)] + [mix(p.teal, PAPER, 0.6)]
    for y in range(rows + 1):
        for x in range(columns + 1):
            corners = [nodes[y][x], nodes[y][x + 1], nodes[y + 1][x + 1], nodes[y + 1][x]]
            mid_x, mid_y = sum(q[0] for q in corners) / 4, sum(q[1] for q in corners) / 4
            parts = rng.choice((2, 3, 4))
            for n in range(parts):
                turned = corners if (x * 7 + y * 3) % 5 < 3 else [*corners[1:], corners[0]]
                _plot(c, turned, (mid_x, mid_y), (n / parts, (n + 1) / parts), rng.choice(tones))
    walk, x = [nodes[9][2]], 2
    y = 9
    while x < columns - 3 and y > 1:
        x, y = (x + 1, y) if rng.random() < 0.66 else (x, y - 1)
        walk.append(nodes[y][x])
    c.line(walk, p.accent, 8)
    c.disc(*walk[-1], 20, p.accent)
    c.disc(*walk[-1], 8, PAPER)
    c.disc(*walk[0], 12, p.accent)


def _plot(c: Canvas, corners: list[Point], middle: Point, part: tuple[float, float], colour: Colour) -> None:
    inner = [(middle[0] + (x - middle[0]) * 0.86, middle[1] + (y - middle[1]) * 0.84) for x, y in corners]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = inner
    start, end = part[0] + 0.03, part[1] - 0.03
    c.poly(
        [
            (ax + (bx - ax) * start, ay + (by - ay) * start),
            (ax + (bx - ax) * end, ay + (by - ay) * end),
            (dx + (cx - dx) * end, dy + (cy - dy) * end),
            (dx + (cx - dx) * start, dy + (cy - dy) * start),
        ],
        colour,
    )


def books(c: Canvas, rng: Random, p: Palette) -> None:
    """Shelves of spines with one gap, and the lent book lying flat."""
    tones = [p.hue, p.teal, p.line, mix(p.hue, PAPER, 0.4), mix(p.teal, PAPER, 0.5), p.deep, mix(p.line, PAPER, 0.35)]
    for shelf in range(3):
        floor = 234 + shelf * 224
        x = 40.0
        while x < WIDTH - 60:
            width, tall = rng.uniform(20, 52), rng.uniform(128, 184)
            if shelf == 1 and 600 < x < 720:
                x += 118
                continue
            tone = rng.choice(tones)
            c.rect(x, floor - tall, width - 4, tall, tone)
            band = mix(tone, PAPER, 0.55)
            c.rect(x, floor - tall + 18, width - 4, 5, band)
            c.rect(x, floor - 30, width - 4, 5, band)
            if width > 36:
                c.rect(x + 10, floor - tall + 38, width - 24, 34, band)
            x += width
        c.rect(0, floor, WIDTH, 13, p.line)
    c.poly([(618, 458), (640, 330), (672, 336), (652, 458)], p.accent)
    c.line([(646, 352), (666, 355)], PAPER, 4)


def reels(c: Canvas, rng: Random, p: Palette) -> None:
    """Film reels like planets, joined by a strip of film."""
    strip = [(x, 360 + 120 * math.sin(x / 190 + 0.6)) for x in range(-20, WIDTH + 21, 10)]
    c.line(strip, p.line, 92)
    for n, (x, y) in enumerate(strip):
        if n % 2 == 0:
            for side in (-1, 1):
                c.rect(x - 5, y + side * 37 - 5, 10, 10, p.ground)
        if n % 9 == 0:
            c.rect(x - 30, y - 25, 62, 50, p.hue if n % 18 else p.deep)
    for x, y, size, colour in ((300, 300, 208, p.accent), (800, 430, 250, p.teal), (1150, 190, 150, p.hue)):
        c.disc(x, y, size, colour)
        c.ring(x, y, size - 10, mix(colour, p.ground, 0.4), 3)
        turn = rng.uniform(0, 1)
        for n in range(5):
            angle = turn + n * math.tau / 5
            c.disc(x + size * 0.56 * math.cos(angle), y + size * 0.56 * math.sin(angle), size * 0.23, p.ground)
        c.disc(x, y, size * 0.1, p.ground)


def rails(c: Canvas, rng: Random, p: Palette) -> None:
    """A line across the desert to a low horizon, under the stars."""
    horizon = 356
    for _ in range(190):
        c.disc(
            rng.uniform(0, WIDTH),
            rng.uniform(0, horizon) ** 1.0,
            rng.choice((1, 1.4, 2.2)),
            rng.choice((p.line, p.pale, p.hue)),
        )
    c.disc(946, 122, 48, p.line)
    c.disc(964, 112, 44, p.ground)
    c.rect(0, horizon, WIDTH, HEIGHT, mix(p.ground, p.hue, 0.5))
    for n, tone in enumerate((0.62, 0.74)):
        sand = [(x, horizon + 20 + n * 90 + 26 * math.sin(x / 210 + n * 2)) for x in range(-10, WIDTH + 11, 10)]
        c.below(sand, mix(p.ground, p.hue, tone))
    vanish = (560, horizon)
    for n in range(34):
        near = 0.955**n
        y = horizon + (HEIGHT + 30 - horizon) * near**2.4
        half = 430 * near**2.4
        middle = vanish[0] + 70 * near**2.4
        c.rect(middle - half, y, 2 * half, 25 * near**2.6 + 1, mix(p.ground, p.line, 0.1))
    for side in (-1, 1):
        foot = vanish[0] + 74 + side * 275
        c.poly([vanish, (foot - 15, HEIGHT + 5), (foot + 15, HEIGHT + 5)], p.line)
    c.rect(vanish[0] - 17, horizon - 26, 34, 26, (12, 15, 20))
    c.disc(vanish[0], horizon - 13, 7, p.accent)
    c.disc(vanish[0], horizon - 13, 26, p.accent, 0.25)


def chess(c: Canvas, rng: Random, p: Palette) -> None:
    """A board in perspective with tall pieces, one of them red."""

    def at(file: float, rank: float) -> Point:
        depth = rank / 8
        half = 640 - 370 * depth**0.8
        return (640 + (file / 4 - 1) * half, 700 - 390 * depth**0.82)

    c.rect(0, 0, WIDTH, HEIGHT, mix(p.ground, p.hue, 0.24))
    for rank in range(8):
        for file in range(8):
            tile = [at(file, rank), at(file + 1, rank), at(file + 1, rank + 1), at(file, rank + 1)]
            c.poly(tile, mix(p.hue, p.line, 0.5) if (rank + file) % 2 == 0 else PAPER)
    for column, row, kind, colour in (
        (5.5, 6.5, 2, p.line), (1.5, 5.5, 0, p.line), (3.5, 5.5, 0, p.teal), (6.5, 4.5, 0, p.line),
        (2.5, 3.5, 1, p.teal), (4.5, 3.5, 2, p.accent), (0.5, 2.5, 0, p.teal), (6.5, 1.5, 1, p.line), (2.5, 0.6, 0, p.teal),
    ):  # fmt: skip
        x, y = at(column, row)
        _piece(c, x, y, (1.55 - row * 0.115) * 1.1, kind, colour)


def _piece(c: Canvas, x: float, y: float, size: float, kind: int, colour: Colour) -> None:
    tall = (92, 140, 196)[kind] * size
    base = 37 * size
    left = [(-base, 0.0), (-base * 0.9, -16 * size), (-13 * size, -30 * size), (-10 * size, 20 * size - tall)]
    c.poly([(x + px, y + py) for px, py in left] + [(x - px, y + py) for px, py in reversed(left)], colour)
    c.rect(x - 22 * size, y - tall + 16 * size, 44 * size, 8 * size, colour)
    c.disc(x, y - tall, (22, 26, 24)[kind] * size, colour)
    if kind == 2:
        c.rect(x - 4 * size, y - tall - 56 * size, 8 * size, 40 * size, colour)
        c.rect(x - 15 * size, y - tall - 46 * size, 30 * size, 8 * size, colour)
    if kind == 1:
        c.poly(
            [(x - 12 * size, y - tall - 14 * size), (x, y - tall - 46 * size), (x + 12 * size, y - tall - 14 * size)],
            colour,
        )


def hemicycle(c: Canvas, rng: Random, p: Palette) -> None:
    """Seats in a half circle, as dots; one is red."""
    centre = (640, 650)
    chosen = (5, 11)
    for row in range(10):
        radius = 170 + row * 46
        seats = round(radius / 17)
        for n in range(seats):
            angle = math.pi * (1 + (n + 0.5) / seats)
            share = (n + 0.5) / seats
            colour = p.hue if share < 0.38 else p.teal if share < 0.7 else mix(p.line, p.ground, 0.3)
            if rng.random() < 0.12:
                colour = mix(p.ground, p.line, 0.2)
            special = (row, n) == chosen
            c.disc(
                centre[0] + radius * math.cos(angle),
                centre[1] + radius * math.sin(angle),
                22 if special else 15,
                p.accent if special else colour,
            )
    c.rect(560, 612, 160, 16, p.line)
    c.poly([(600, 628), (680, 628), (694, 700), (586, 700)], p.line)
    for n in range(4):
        c.line(
            [(x, 706 + n * 9 + 4 * math.sin(x / 50 + n)) for x in range(-5, WIDTH + 6, 8)],
            mix(p.ground, p.teal, 0.5),
            2.4,
        )


def greenhouse(c: Canvas, rng: Random, p: Palette) -> None:
    """A glowing house of glass in the dark: vines on one side, machines on the other."""
    for _ in range(120):
        c.disc(rng.uniform(0, WIDTH), rng.uniform(0, 430), rng.choice((1, 1.6)), p.line, 0.7)
    glow = (238, 198, 118)
    for n, tone in enumerate((0.1, 0.18)):
        c.poly(
            [
                (90 + n * 40, 590),
                (120 + n * 40, 260 + n * 20),
                (640, 60 + n * 40),
                (1160 - n * 40, 260 + n * 20),
                (1190 - n * 40, 590),
            ],
            mix(p.ground, glow, tone),
        )
    c.poly([(190, 590), (190, 300), (640, 150), (1090, 300), (1090, 590)], glow)
    for n in range(8):
        x = 232 + n * 50
        c.line([(x, 584), (x, 340 - n * 8)], p.teal if n % 2 else mix(p.teal, (12, 60, 40), 0.5), 6)
        for k in range(15):
            y = 356 - n * 8 + k * 15
            c.disc(x + rng.uniform(-17, 17), y, rng.uniform(8, 13), mix((42, 104, 72), p.teal, rng.random()))
        for _ in range(5):
            c.disc(x + rng.uniform(-14, 14), rng.uniform(380, 560), 8, p.accent)
    for column in range(4):
        x = 690 + column * 96
        c.rect(x, 330, 74, 254, (24, 22, 34))
        for k in range(11):
            c.rect(x + 8, 342 + k * 22, 58, 13, mix((24, 22, 34), p.hue, 0.65))
            c.disc(x + 58, 348 + k * 22, 3, p.accent if rng.random() < 0.3 else glow)
    for n in range(10):
        x = 190 + n * 100
        c.line([(x, 590), (x, 300 - (450 - abs(x - 640)) / 3 + 0)], p.ground, 5)
    c.line([(190, 590), (190, 300), (640, 150), (1090, 300), (1090, 590)], p.ground, 10)
    for y in (390, 490):
        c.line([(190, y), (1090, y)], p.ground, 3)
    c.rect(0, 590, WIDTH, HEIGHT, (205, 214, 222))
    c.poly([(190, 592), (1090, 592), (1190, 720), (90, 720)], mix((205, 214, 222), glow, 0.6))


SCENES: dict[str, Scene] = {
    "arches": arches,
    "awnings": awnings,
    "books": books,
    "chess": chess,
    "citymap": citymap,
    "greenhouse": greenhouse,
    "hemicycle": hemicycle,
    "rails": rails,
    "reels": reels,
}
