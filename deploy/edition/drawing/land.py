"""Scenes of land and sky: relief, deserts, fields, rivers, flood and stars."""

import math
from random import Random

from deploy.edition.drawing.canvas import (
    HEIGHT,
    PAPER,
    WIDTH,
    Canvas,
    Colour,
    Palette,
    Point,
    Scene,
    mix,
    outline,
    wobble,
)

SAND: Colour = (208, 148, 52)


def contours(c: Canvas, rng: Random, p: Palette) -> None:
    """A topographic sheet by marching squares, with one red route across the slopes."""
    hills = [
        (rng.uniform(-60, WIDTH + 60), rng.uniform(-60, HEIGHT + 60), rng.uniform(110, 300), rng.uniform(-0.7, 1.2))
        for _ in range(13)
    ]
    step = 10

    def height(x: float, y: float) -> float:
        return sum(size * math.exp(-((x - hx) ** 2 + (y - hy) ** 2) / (2 * r * r)) for hx, hy, r, size in hills)

    grid = [[height(x * step, y * step) for x in range(WIDTH // step + 2)] for y in range(HEIGHT // step + 2)]
    for index in range(-18, 46):
        bold = index % 5 == 0
        colour = p.hue if bold else mix(p.ground, p.hue, 0.62)
        for segment in _isoline(grid, index * 0.062, step):
            c.line(segment, colour, 3.2 if bold else 1.6)
    route = wobble(rng, 3, 1.1, 150)
    path = [(x, HEIGHT / 2 + route(x)) for x in range(150, 1131, 8)]
    c.line(path, p.accent, 5)
    for x, y in (path[0], path[-1]):
        c.disc(x, y, 15, p.accent)
        c.disc(x, y, 7, p.ground)


def _isoline(grid: list[list[float]], level: float, step: int) -> list[list[Point]]:
    segments = []
    for y in range(len(grid) - 1):
        for x in range(len(grid[0]) - 1):
            corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
            cuts = []
            for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
                a, b = grid[ay][ax] - level, grid[by][bx] - level
                if (a < 0) != (b < 0):
                    t = a / (a - b)
                    cuts.append(((ax + (bx - ax) * t) * step, (ay + (by - ay) * t) * step))
            segments += [cuts[i : i + 2] for i in range(0, len(cuts) - 1, 2)]
    return segments


def dunes(c: Canvas, rng: Random, p: Palette) -> None:
    """Crests in layers, each with a lit and a shaded side, under a pale sun."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(SAND, PAPER, 0.66))
    c.disc(910, 190, 92, PAPER)
    colours = p.steps(mix(SAND, PAPER, 0.35), mix(SAND, p.line, 0.62), 7)
    for index, colour in enumerate(colours):
        level = 270 + index * 66
        curve = wobble(rng, 3, 0.7 + index * 0.12, 46 + index * 6)
        crest = outline(curve, level)
        c.below(crest, colour)
        shade = [(x, y + max(0.0, 34 + 60 * math.sin(x / 170 + index * 2.1))) for x, y in crest]
        c.poly([*crest, *reversed(shade)], mix(colour, p.line, 0.16))
    for n in range(5):
        c.disc(300 + n * 34, 607 + 5 * math.sin(n * 1.3), 4.5, p.accent)


def peaks(c: Canvas, rng: Random, p: Palette) -> None:
    """Ridges one behind another with a glacier's tongue in the valley and dotted lines where it once ended."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.ground, p.hue, 0.36))
    c.disc(220, 150, 54, p.accent)
    colours = p.steps(mix(p.ground, p.hue, 0.8), mix(p.hue, p.line, 0.78), 5)
    c.below(_ridge(rng, 250, 150), colours[0])
    _glacier(c, mix(PAPER, p.hue, 0.6))
    for index, colour in enumerate(colours[1:]):
        opening, depth = (300, 330) if index < 2 else (330, 230 - index * 30)
        ridge = _ridge(rng, 290 + index * 82, 130 - index * 14)
        c.below([(x, y + max(0.0, 1 - abs(x - 640) / opening) * depth) for x, y in ridge], colour)
    for spread in (150, 108, 66):
        for k in range(15):
            angle = math.pi * (0.14 + 0.72 * k / 14)
            c.disc(592 + spread * math.cos(angle), 540 + spread * 0.86 * math.sin(angle), 3.6, p.accent)


def _glacier(c: Canvas, crevasse: Colour) -> None:
    """A snowfield that narrows to a tongue with a bend in it."""
    left, right = [], []
    for n in range(31):
        t = n / 30
        middle, half = 650 + 74 * math.sin(t * 4.1), 44 + 186 * (1 - t) ** 2.2
        half *= math.sqrt(max(0.0, 1 - max(0.0, t - 0.86) ** 2 / 0.0196))
        left.append((middle - half, 250 + t * 330))
        right.append((middle + half, 250 + t * 330))
    c.poly(
        [(420, 260), (512, 176), (560, 200), (632, 132), (690, 190), (742, 160), (880, 260), *right, *reversed(left)],
        PAPER,
    )
    for n in range(5, 29, 3):
        (ax, ay), (bx, _) = left[n], right[n]
        bow = [(ax + (bx - ax) * k / 10, ay + 20 * math.sin(math.pi * k / 10)) for k in range(1, 10)]
        c.line(bow, crevasse, 2)


def _ridge(rng: Random, level: float, swing: float) -> list[Point]:
    points: list[Point] = [(-10, level)]
    x, up = -10.0, True
    while x < WIDTH + 20:
        x += rng.uniform(34, 105)
        points.append((x, level + (-1 if up else 1) * rng.uniform(0.25, 1) * swing * 0.8))
        up = not up
    return points


def river(c: Canvas, rng: Random, p: Palette) -> None:
    """A meandering river from above, its banks drawn as widening echoes."""
    bends = wobble(rng, 3, 1.5, 120)
    tilt = rng.uniform(-0.16, 0.16)
    course = [(x, HEIGHT / 2 + bends(x) + (x - WIDTH / 2) * tilt) for x in range(-30, WIDTH + 31, 5)]
    for width, colour in zip(range(430, 40, -44), p.steps(p.ground, mix(p.ground, p.hue, 0.75), 9), strict=False):
        for x, y in course[::3]:
            c.disc(x, y, width / 2, colour)
    for n in range(4):
        start = course[40 + n * 52]
        arm = wobble(rng, 2, 3, 34)
        sign = -1 if n % 2 else 1
        branch = [(start[0] + k * 3.2 - arm(k * 9), start[1] + sign * k * 5.2) for k in range(0, 90, 2)]
        c.line(branch, p.teal, 12 - n)
    for x, y in course:
        c.disc(x, y, 22, p.teal)
    c.line(course, mix(p.teal, PAPER, 0.25), 3)
    for n in range(7):
        x, y = course[22 + n * 36]
        c.disc(x, y, 11, p.accent)
        c.disc(x, y, 4.5, PAPER)


def lagoon(c: Canvas, rng: Random, p: Palette) -> None:
    """Sandbanks as contour islands in still water, and one small red boat with its wake."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.teal, p.ground, 0.25))
    for n in range(46):
        y = 8 + n * 16
        c.line(outline(wobble(rng, 2, 3, 3), y), mix(p.teal, p.ground, 0.36), 1.5)
    for x, y, size in ((190, 160, 190), (1090, 190, 170), (320, 590, 230), (1010, 620, 230), (660, 90, 90)):
        lobes = [(rng.uniform(0.05, 0.16), rng.uniform(0, math.tau)) for _ in range(3)]
        for k, colour in enumerate(p.steps(mix(p.teal, p.ground, 0.55), p.pale, 5)):
            c.poly(_blob(x, y, size * (1 - k * 0.15), lobes), colour)
        c.poly(_blob(x, y, size * 0.3, lobes), p.hue)
    c.poly([(560, 400), (676, 376), (700, 392), (672, 418), (566, 420)], p.accent)
    c.poly([(588, 402), (650, 389), (652, 404), (592, 412)], PAPER)
    for side in (-1, 1):
        c.line([(556, 410), (380, 430 + side * 46)], PAPER, 2.5)


def _blob(x: float, y: float, size: float, lobes: list[tuple[float, float]]) -> list[Point]:
    points = []
    for step in range(90):
        angle = step / 90 * math.tau
        radius = size * (1 + sum(part * math.sin((n + 2) * angle + phase) for n, (part, phase) in enumerate(lobes)))
        points.append((x + radius * 1.35 * math.cos(angle), y + radius * 0.72 * math.sin(angle)))
    return points


def fields(c: Canvas, rng: Random, p: Palette) -> None:
    """Farmland from the air: strips in two ways of ploughing, parted by one red line."""
    earth = [mix(SAND, PAPER, 0.4), mix(SAND, p.line, 0.3), mix(SAND, PAPER, 0.6), mix(SAND, p.line, 0.5), SAND]
    green = [p.teal, mix(p.teal, SAND, 0.3), mix(p.teal, PAPER, 0.3), mix(p.teal, SAND, 0.55), mix(p.teal, p.hue, 0.5)]
    x = -40.0
    while x < WIDTH + 40:
        width = rng.uniform(120, 220)
        y = -30.0
        while y < HEIGHT:
            height = rng.uniform(90, 230)
            tone = rng.choice(earth if x + width / 2 < 540 + (y + height / 2) * 0.3 else green)
            corners = [(x, y + x * 0.06), (x + width - 5, y + (x + width) * 0.06)]
            lower = [(cx, cy + height - 5) for cx, cy in reversed(corners)]
            c.poly([*corners, *lower], tone)
            for n in range(1, int(width // 13)):
                fx = x + n * 13
                c.line([(fx, y + fx * 0.06), (fx, y + fx * 0.06 + height - 5)], mix(tone, p.ground, 0.3), 2)
            y += height
        x += width
    c.line([(540, -10), (760, HEIGHT + 10)], p.ground, 22)
    c.line([(540, -10), (760, HEIGHT + 10)], p.accent, 9)


def saltpans(c: Canvas, rng: Random, p: Palette) -> None:
    """Evaporation pans from the air, from the sea's green through rose to white."""
    ramp = [
        mix(p.teal, PAPER, 0.3),
        mix(p.teal, p.pale, 0.6),
        p.pale,
        p.hue,
        mix(p.hue, p.accent, 0.55),
        mix(p.accent, PAPER, 0.6),
    ]
    x = 150.0
    while x < WIDTH:
        width = rng.choice((96, 130, 170, 210))
        y = -80.0 - rng.uniform(0, 60)
        while y < HEIGHT:
            height = rng.choice((70, 104, 150, 220, 260))
            place = (x - 150) / 1130 * 5.4 + rng.uniform(-0.9, 0.9)
            colour = (251, 250, 246) if rng.random() < 0.12 else ramp[min(5, max(0, round(place)))]
            lift = (x - WIDTH / 2) * 0.08
            c.poly(
                [
                    (x, y - lift),
                    (x + width - 8, y - lift - width * 0.08),
                    (x + width - 8, y - lift - width * 0.08 + height - 8),
                    (x, y - lift + height - 8),
                ],
                colour,
            )
            for n in range(1, 4 if height > 140 else 1):
                level = y - lift + n * height / 4
                c.line([(x + 12, level), (x + width - 20, level - width * 0.07)], mix(colour, PAPER, 0.45), 1.6)
            y += height
        x += width
    shore = wobble(rng, 3, 1.3, 30)
    for n in range(6):
        edge = [(190 - n * 36 + shore(y * 1.7), y) for y in range(-10, HEIGHT + 11, 8)]
        c.poly([(-5, -10), *edge, (-5, HEIGHT + 10)], PAPER if n == 0 else mix(p.teal, PAPER, 0.36 - n * 0.07))
    c.line([(96, 470), (330, 446), (330, 300)], p.line, 6)
    c.disc(96, 470, 12, p.accent)
    for _ in range(34):
        c.disc(rng.gauss(520, 60), rng.gauss(210, 44), 3.6, PAPER)


def layers(c: Canvas, rng: Random, p: Palette) -> None:
    """Bands of water rising against a staff gauge."""
    bands = p.steps(mix(p.teal, p.ground, 0.7), p.teal, 8)
    for index, colour in enumerate(bands):
        c.below(outline(wobble(rng, 3, 1.6, 13), 205 + index * 66), colour)
    c.poly([(70, 350), (70, 196), (190, 110), (310, 196), (310, 350)], p.hue)
    c.poly([(50, 206), (190, 102), (330, 206), (310, 224), (190, 134), (70, 224)], p.line)
    c.rect(158, 232, 64, 120, p.deep)
    c.below(outline(wobble(rng, 3, 1.6, 10), 322), bands[2], 0.94)
    for index in range(3, 8):
        c.below(outline(wobble(rng, 3, 1.6, 13), 205 + index * 66), bands[index])
    c.rect(900, 60, 74, 620, PAPER)
    for n in range(31):
        long = n % 5 == 0
        c.rect(900, 70 + n * 20, 52 if long else 28, 8, p.accent if n < 11 and long else p.line)
    c.line([(780, 322), (1090, 322)], p.accent, 4)


def stars(c: Canvas, rng: Random, p: Palette) -> None:
    """Star trails about a pole, low over a ridge."""
    pole = (480, 330)
    tones = [p.line, p.pale, p.hue, mix(p.line, p.ground, 0.55), p.teal]
    for _ in range(250):
        radius = rng.uniform(14, 980)
        start = rng.uniform(0, math.tau)
        c.arc(
            *pole, radius, start, start + rng.uniform(0.3, 0.62), rng.choice(tones), rng.choice((1.2, 1.8, 2.6)), 0.85
        )
    c.disc(*pole, 5, p.accent)
    c.below(outline(wobble(rng, 6, 1.6, 46), 570), mix(p.ground, p.hue, 0.24))
    c.below(outline(wobble(rng, 6, 2.2, 26), 645), (12, 16, 22))
    for n in range(6):
        c.rect(820 + n * 22, 640 - (n % 3) * 9, 6, 6, p.hue)


SCENES: dict[str, Scene] = {
    "contours": contours,
    "dunes": dunes,
    "fields": fields,
    "lagoon": lagoon,
    "layers": layers,
    "peaks": peaks,
    "river": river,
    "saltpans": saltpans,
    "stars": stars,
}
