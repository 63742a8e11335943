"""Scenes of plants: palms, street trees, mangroves, wheat."""

import math
from random import Random

from deploy.edition.drawing.canvas import HEIGHT, PAPER, WIDTH, Canvas, Palette, Point, Scene, mix, outline, wobble


def palms(c: Canvas, rng: Random, p: Palette) -> None:
    """A grove in rows under a low sun."""
    c.disc(640, 400, 185, p.accent)
    c.below(outline(wobble(rng, 2, 0.8, 10), 470), mix(p.hue, p.line, 0.22))
    for row, (base, size, colour) in enumerate(
        ((500, 0.55, mix(p.deep, p.hue, 0.4)), (570, 0.85, p.deep), (690, 1.3, p.line))
    ):
        gap = 92 * (1 + row * 0.62)
        for n in range(int(WIDTH // gap) + 2):
            if row == 2 and 1 < n < 4:
                continue
            _palm(c, rng, (n * gap - 20 + rng.uniform(-12, 12), base), size, colour)


def _palm(c: Canvas, rng: Random, foot: Point, size: float, colour: tuple[int, int, int]) -> None:
    x, y = foot
    lean, tall = rng.uniform(-26, 26) * size, rng.uniform(200, 255) * size
    trunk = [(x + lean * (t / 10) ** 2, y - tall * t / 10) for t in range(11)]
    c.line(trunk, colour, 11 * size)
    top_x, top_y = trunk[-1]
    for n in range(11):
        angle = math.pi * (1.08 + n * 0.84 / 10) if n < 11 else 0
        reach = rng.uniform(82, 104) * size
        spine = [
            (top_x + reach * math.cos(angle) * t, top_y + reach * math.sin(angle) * t + 84 * size * t * t)
            for t in (0, 0.25, 0.5, 0.75, 1)
        ]
        under = [
            (px, py + 15 * size * math.sin(math.pi * t))
            for (px, py), t in zip(spine, (0, 0.25, 0.5, 0.75, 1), strict=True)
        ]
        c.poly([*spine, *reversed(under)], colour)
        c.line(spine, colour, 3.4 * size)


def trees(c: Canvas, rng: Random, p: Palette) -> None:
    """A street's trees with long shadows, and the gap where one is missing."""
    c.rect(0, 430, WIDTH, 290, mix(p.ground, p.hue, 0.28))
    c.rect(0, 420, WIDTH, 10, p.line)
    for n in range(7):
        x = 90 + n * 184
        if n == 4:
            c.ring(x, 430, 12, p.accent, 4)
            for k in range(16):
                c.arc(x, 250, 96, k / 16 * math.tau, (k + 0.5) / 16 * math.tau, p.accent, 4)
            continue
        c.poly([(x - 7, 430), (x + 7, 430), (x + 190, 640), (x + 168, 640)], mix(p.hue, p.teal, 0.55))
        size = rng.uniform(84, 104)
        for _ in range(9):
            c.disc(
                x + 178 + rng.uniform(-76, 76),
                652 + rng.uniform(-34, 34),
                rng.uniform(30, 48),
                mix(p.hue, p.teal, 0.55),
            )
        c.rect(x - 8, 260, 16, 162, p.line)
        for _ in range(14):
            angle, reach = rng.uniform(0, math.tau), rng.uniform(0.2, 0.8) * size
            tone = mix(p.teal, p.hue, rng.choice((0, 0.2, 0.4)))
            c.disc(x + reach * math.cos(angle), 250 + reach * math.sin(angle), rng.uniform(30, 48), tone)
    c.disc(1130, 84, 40, p.accent)


def mangroves(c: Canvas, rng: Random, p: Palette) -> None:
    """Stems on arching roots above still water, with their reflection."""
    c.disc(960, 190, 78, PAPER)
    water = 452
    for row, (count, colour) in enumerate(
        ((11, mix(p.teal, p.ground, 0.55)), (8, mix(p.teal, p.ground, 0.2)), (5, mix(p.teal, p.line, 0.55)))
    ):
        for n in range(count):
            x = (n + 0.5) * WIDTH / count + rng.uniform(-30, 30)
            size = 0.6 + row * 0.42
            crown = 250 - row * 40
            c.line([(x, crown), (x, water - 90 * size)], colour, 8 * size)
            for _ in range(8):
                c.disc(
                    x + rng.uniform(-64, 64) * size,
                    crown + rng.uniform(-40, 30) * size,
                    rng.uniform(26, 48) * size,
                    colour,
                )
            for k in (-3, -2, -1, 1, 2, 3):
                reach = k * 24 * size
                root = [
                    (x + reach * math.sin(t * math.pi / 20), water - 90 * size * math.cos(t * math.pi / 20))
                    for t in range(11)
                ]
                c.line(root, colour, 4.6 * size)
    c.rect(0, water, WIDTH, HEIGHT - water, mix(p.teal, p.ground, 0.42))
    for _ in range(90):
        y = rng.uniform(water + 6, HEIGHT)
        x, width = rng.uniform(-60, WIDTH), rng.uniform(30, 190)
        c.line([(x, y), (x + width, y)], rng.choice((p.teal, p.ground, mix(p.teal, p.line, 0.4))), 3.4, 0.75)
    c.poly([(230, 560), (330, 560), (312, 580), (248, 580)], p.accent)


def grain(c: Canvas, rng: Random, p: Palette) -> None:
    """Ears of wheat like the bars of a chart, one of them red."""
    count = 17
    marked = rng.randrange(5, 12)
    tones = [p.line, p.deep, p.hue if p.ground == PAPER else mix(p.deep, p.hue, 0.4)]
    for n in range(count):
        x = 80 + n * 70
        colour = p.accent if n == marked else tones[n % 3]
        top = 120 + 190 * abs(math.sin(n * 0.55 + rng.uniform(-0.2, 0.2))) + rng.uniform(-24, 24)
        bend = rng.uniform(-16, 16)
        c.line([(x - bend * (t / 8) ** 2, top + (HEIGHT - top + 10) * t / 8) for t in range(9)], colour, 4)
        for k in range(9):
            y = top + 14 + k * 24
            for side in (-1, 1):
                c.poly([(x, y + 20), (x + side * 19, y + 4), (x + side * 17, y - 18), (x + side * 3, y - 2)], colour)
                c.line([(x + side * 16, y - 14), (x + side * 30, y - 58)], colour, 1.6)
        c.poly([(x, top + 12), (x - 8, top - 6), (x, top - 24), (x + 8, top - 6)], colour)


SCENES: dict[str, Scene] = {
    "grain": grain,
    "mangroves": mangroves,
    "palms": palms,
    "trees": trees,
}
