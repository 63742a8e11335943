"""Scenes of sport and of machines in the open: stadium, track, pitch, wind and sun."""

import math
from random import Random

from deploy.edition.drawing.canvas import HEIGHT, PAPER, WIDTH, Canvas, Palette, Point, Scene, mix, outline, wobble


def stadium(c: Canvas, rng: Random, p: Palette) -> None:
    """Floodlights over a full ground at night."""
    for mast in (150, 1130):
        lean = 1 if mast < 640 else -1
        c.poly([(mast, 130), (mast + lean * 340, 720), (mast + lean * 860, 720)], mix(p.ground, p.pale, 0.16))
    for row in range(11):
        radius = 900 - row * 42
        for n in range(150):
            angle = math.pi * (1.16 + 0.68 * n / 149)
            x, y = 640 + radius * math.cos(angle), 1110 + radius * 0.86 * math.sin(angle)
            if 0 < x < WIDTH:
                tone = rng.choice(
                    (p.line, p.hue, p.deep, p.accent, mix(p.ground, p.line, 0.4), mix(p.ground, p.line, 0.25))
                )
                c.disc(x, y, 5.2, tone)
    c.poly([(300, 560), (980, 560), (1240, 720), (40, 720)], p.hue)
    for n in range(0, 8, 2):
        left, right = n / 8, (n + 1) / 8
        c.poly(
            [(300 + 680 * left, 560), (300 + 680 * right, 560), (40 + 1200 * right, 720), (40 + 1200 * left, 720)],
            mix(p.hue, p.line, 0.13),
        )
    c.line([(300, 561), (980, 561)], p.line, 3)
    c.line([(640, 560), (640, 720)], p.line, 4)
    ring = [(640 + 150 * math.cos(a / 40 * math.tau), 652 + 42 * math.sin(a / 40 * math.tau)) for a in range(41)]
    c.line(ring, p.line, 4)
    c.disc(760, 622, 9, p.accent)
    for mast in (150, 1130):
        c.line([(mast, 150), (mast, 600)], mix(p.ground, p.line, 0.6), 9)
        c.rect(mast - 66, 70, 132, 84, mix(p.ground, p.line, 0.3))
        for row in range(3):
            for n in range(5):
                c.disc(mast - 50 + n * 25, 86 + row * 26, 9.5, PAPER)


def track(c: Canvas, rng: Random, p: Palette) -> None:
    """The bend of a running track, one lane in red."""
    centre = (330, 760)
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.hue, PAPER, 0.1))
    c.disc(*centre, 1010, mix(p.hue, p.line, 0.25))
    for n in range(8):
        radius = 960 - n * 68
        colour = p.accent if n == 3 else mix((196, 106, 66), p.line, 0.06 * (n % 2))
        c.disc(*centre, radius, PAPER)
        c.disc(*centre, radius - 4, colour)
    c.disc(*centre, 420, PAPER)
    c.disc(*centre, 416, mix(p.hue, PAPER, 0.2))
    for n in range(8):
        angle = -math.pi * (0.12 + n * 0.014)
        inner, outer = 960 - (n + 1) * 68, 960 - n * 68 - 4
        c.line([(centre[0] + r * math.cos(angle), centre[1] + r * math.sin(angle)) for r in (inner, outer)], PAPER, 8)
    runners = ((0, 0.215), (1, 0.25), (2, 0.262), (4, 0.29), (5, 0.36), (6, 0.4), (7, 0.33), (3, 0.2))
    for lane, turn in runners:
        angle, radius = -math.pi * turn, 926 - lane * 68
        _runner(c, (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)), angle, p)


def _runner(c: Canvas, at: Point, angle: float, p: Palette) -> None:
    x, y = at
    c.line([(x, y), (x - 96 * math.cos(angle + 0.7), y - 96 * math.sin(angle + 0.7))], p.line, 5, 0.28)
    c.disc(x, y, 15, p.line)
    c.disc(x + 2, y - 3, 7, PAPER)


def profile(c: Canvas, rng: Random, p: Palette) -> None:
    """A stage's elevation, column by column, rising to one steep summit."""
    for n in range(7):
        c.line([(60, 130 + n * 80), (1220, 130 + n * 80)], p.faint, 2)
    rough = wobble(rng, 4, 1.4, 44)
    count = 116
    tops = []
    for n in range(count):
        x = 60 + n * 10
        climb = 330 * math.exp(-(((x - 900) / 92) ** 2)) if x <= 900 else 330 * math.exp(-(((x - 900) / 150) ** 2))
        tops.append((x, 520 - rough(x) - climb + 20 * math.cos(x / 200)))
    for x, y in tops:
        steep = 760 < x < 905
        c.rect(x, y, 7.4, 634 - y, p.accent if steep else mix(p.hue, p.teal, min(1, max(0, (y - 200) / 400))))
    c.line([(x + 4, y - 9) for x, y in tops], p.line, 4)
    c.line([(904, 110), (904, 178)], p.line, 4)
    c.poly([(904, 110), (968, 128), (904, 148)], p.accent)
    c.rect(60, 634, 1160, 4, p.line)
    for n in range(9):
        c.rect(60 + n * 145, 638, 3, 14, p.line)


def pitch(c: Canvas, rng: Random, p: Palette) -> None:
    """A football pitch from above, mown in stripes, with the line of one move."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.hue, p.line, 0.2))
    for n in range(0, 14, 2):
        c.rect(80 + n * 80, 0, 80, HEIGHT, mix(p.hue, p.line, 0.1))
    white = PAPER
    c.line([(80, 50), (1200, 50), (1200, 670), (80, 670), (80, 50), (1200, 50)], white, 5)
    c.line([(640, 50), (640, 670)], white, 5)
    c.ring(640, 360, 104, white, 5)
    c.disc(640, 360, 8, white)
    for edge, inward in ((80, 1), (1200, -1)):
        for depth, half in ((186, 196), (64, 92)):
            c.line(
                [
                    (edge, 360 - half),
                    (edge + inward * depth, 360 - half),
                    (edge + inward * depth, 360 + half),
                    (edge, 360 + half),
                ],
                white,
                5,
            )
        c.disc(edge + inward * 128, 360, 7, white)
        turn = 0.0 if inward == 1 else math.pi
        c.arc(edge + inward * 128, 360, 104, turn - 0.95, turn + 0.95, white, 5)
    move = [(230, 540), (420, 470), (560, 580), (800, 500), (900, 250), (1060, 300), (1200, 342)]
    for n in range(len(move) - 1):
        (ax, ay), (bx, by) = move[n], move[n + 1]
        for k in range(0, 20, 2):
            c.line([(ax + (bx - ax) * t / 20, ay + (by - ay) * t / 20) for t in (k, k + 1)], p.accent, 6)
    for x, y in move[:-1]:
        c.disc(x, y, 21, p.accent)
        c.disc(x, y, 9, PAPER)
    for _ in range(9):
        c.disc(rng.uniform(500, 1120), rng.uniform(110, 610), 18, p.line)


def wind(c: Canvas, rng: Random, p: Palette) -> None:
    """Turbines on layered hills, and a thread of storks between them."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.ground, p.hue, 0.5))
    c.disc(300, 210, 96, mix(p.ground, p.accent, 0.85))
    hills = p.steps(mix(p.hue, p.teal, 0.2), mix(p.teal, p.line, 0.35), 4)
    places = [[(150, 0.5), (420, 0.46), (1130, 0.52)], [(620, 0.78), (990, 0.7)], [(250, 1.1), (1180, 1.15)], []]
    for index, colour in enumerate(hills):
        curve = wobble(rng, 3, 0.9 + index * 0.2, 36)
        level = 400 + index * 84
        for foot, size in places[index]:
            _turbine(c, rng, (foot, level + curve(foot) + 8), size, p)
        c.below(outline(curve, level), colour)
    for n in range(17):
        along = 440 + n * 42 + rng.uniform(-10, 10)
        above = 240 - n * 7 + 52 * math.sin(n / 2.4) + rng.uniform(-14, 14)
        _stork(c, (along, above), rng.uniform(-4, 11), 0.8 + 0.5 * n / 16, p)


def _stork(c: Canvas, at: Point, lift: float, size: float, p: Palette) -> None:
    x, y = at
    for side in (-1, 1):
        shoulder, tip = (x + side * 13 * size, y - lift - 3), (x + side * 24 * size, y - lift * 0.6)
        c.poly([(x, y - 2 * size), shoulder, tip, (x + side * 12 * size, y - lift + 3), (x, y + 3 * size)], p.line)
    c.line([(x - 9 * size, y + 2), (x + 11 * size, y - 2)], PAPER, 2.6 * size)


def _turbine(c: Canvas, rng: Random, foot: Point, size: float, p: Palette) -> None:
    x, y = foot
    top = y - 330 * size
    c.poly([(x - 9 * size, y), (x - 4 * size, top), (x + 4 * size, top), (x + 9 * size, y)], PAPER)
    c.line([(x + 4 * size, top), (x + 9 * size, y)], mix(p.line, PAPER, 0.6), 2)
    turn = rng.uniform(0, math.tau)
    for n in range(3):
        angle = turn + n * math.tau / 3
        tip = (x + 168 * size * math.cos(angle), top + 168 * size * math.sin(angle))
        side = (x + 40 * size * math.cos(angle + 0.26), top + 40 * size * math.sin(angle + 0.26))
        c.poly([(x, top), side, tip], PAPER)
        c.line([(x, top), tip], mix(p.line, PAPER, 0.45), 2)
    c.disc(x, top, 10 * size, p.line)


def solar(c: Canvas, rng: Random, p: Palette) -> None:
    """Rows of panels to the horizon and a sun of rings above it."""
    horizon = 350
    for n, colour in enumerate(p.steps(mix(p.ground, p.hue, 0.2), p.hue, 6)):
        c.disc(640, horizon, 330 - n * 44, colour)
    c.disc(640, horizon, 84, p.accent)
    c.rect(0, horizon, WIDTH, HEIGHT, mix(p.hue, p.line, 0.4))
    for row in range(9):
        near = (row + 1) / 9
        y = horizon + 12 + 340 * near**1.9
        tall, gap = 8 + 66 * near**1.6, 30 + 172 * near**1.5
        for n in range(-26, 27):
            x = 640 + n * gap
            if -gap < x < WIDTH + gap:
                _panel(c, (x, y), gap, tall, p)


def _panel(c: Canvas, at: Point, gap: float, tall: float, p: Palette) -> None:
    x, y = at
    lean = (x - 640) * 0.05
    width = gap * 0.88
    c.poly(
        [
            (x - width / 2 - lean * 0.5, y - tall),
            (x + width / 2 - lean * 0.5, y - tall),
            (x + width / 2 + lean * 0.5, y),
            (x - width / 2 + lean * 0.5, y),
        ],
        p.teal,
    )
    light = mix(p.teal, PAPER, 0.5)
    for n in range(1, 4):
        offset = width * (n / 4 - 0.5)
        c.line([(x + offset - lean * 0.5, y - tall), (x + offset + lean * 0.5, y)], light, 0.6 + tall / 60)
    c.line([(x - width / 2, y - tall / 2), (x + width / 2, y - tall / 2)], light, 0.6 + tall / 60)


def gears(c: Canvas, rng: Random, p: Palette) -> None:
    """Wheels of many sizes that mesh, one of them red."""
    wheels = [
        (300, 400, 20, p.line),
        (640, 320, 14, p.accent),
        (905, 460, 19, p.teal),
        (1150, 180, 17, p.deep),
        (470, 90, 11, p.deep),
        (60, 110, 14, p.teal),
        (640, 640, 13, PAPER),
        (20, 690, 12, PAPER),
        (1240, 640, 16, PAPER),
    ]
    for x, y, teeth, colour in wheels:
        radius = teeth * 11.0
        points = []
        for n in range(teeth * 4):
            angle = n / (teeth * 4) * math.tau + rng.choice((0.0,)) + teeth
            reach = radius + (17 if n % 4 in (0, 1) else -13)
            points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
        c.poly(points, colour)
        c.disc(x, y, radius * 0.68, p.ground)
        for n in range(5):
            angle = n / 5 * math.tau + teeth
            c.line(
                [(x, y), (x + radius * 0.74 * math.cos(angle), y + radius * 0.74 * math.sin(angle))],
                colour,
                radius * 0.13,
            )
        c.disc(x, y, radius * 0.26, colour)
        c.disc(x, y, radius * 0.1, p.ground)


SCENES: dict[str, Scene] = {
    "gears": gears,
    "pitch": pitch,
    "profile": profile,
    "solar": solar,
    "stadium": stadium,
    "track": track,
    "wind": wind,
}
