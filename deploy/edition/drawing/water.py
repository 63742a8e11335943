"""Scenes of water: harbours, boats, bridges, canals."""

from random import Random

from PIL import Image

from deploy.edition.drawing.canvas import HEIGHT, PAPER, WIDTH, Canvas, Colour, Palette, Scene, mix, outline, wobble


def harbour(c: Canvas, rng: Random, p: Palette) -> None:
    """Quay cranes against the sky, a laden ship, lights on the water."""
    quay = 520
    c.disc(1010, 150, 62, p.hue)
    for x in (60, 330, 600):
        _crane(c, x, quay, p.line if x == 330 else mix(p.ground, p.line, 0.55), p)
    deck = 470
    c.poly([(560, deck), (1250, deck), (1210, quay + 48), (620, quay + 48)], p.accent)
    c.rect(1130, deck - 122, 70, 122, p.line)
    for n in range(4):
        c.rect(1140 + n * 15, deck - 108, 8, 9, p.ground)
    tones = [p.hue, p.teal, p.pale, mix(p.teal, p.ground, 0.45), p.deep, p.line]
    for column in range(11):
        for row in range(rng.randint(2, 5)):
            c.rect(610 + column * 46, deck - 24 - row * 24, 43, 21, rng.choice(tones))
    c.rect(0, quay, 590, 60, mix(p.ground, (0, 0, 0), 0.35))
    c.rect(0, quay + 48, WIDTH, HEIGHT, mix(p.ground, p.teal, 0.18))
    for _ in range(90):
        light, y = rng.choice((90, 360, 640, 1010, 1160)) + rng.gauss(0, 30), rng.uniform(quay + 56, HEIGHT)
        half = rng.uniform(8, 46)
        c.line([(light - half, y), (light + half, y)], rng.choice((p.hue, p.pale, p.accent, p.teal)), 3, 0.7)


def _crane(c: Canvas, x: float, quay: float, colour: Colour, p: Palette) -> None:
    c.line([(x, quay), (x + 22, 240), (x + 118, 240), (x + 140, quay)], colour, 9)
    c.line([(x + 10, 400), (x + 130, 400)], colour, 7)
    c.line([(x + 10, 400), (x + 118, 240)], colour, 4)
    c.line([(x - 70, 240), (x + 390, 240)], colour, 12)
    c.line([(x + 70, 240), (x + 70, 120), (x + 350, 238)], colour, 5)
    c.line([(x + 70, 120), (x - 60, 238)], colour, 5)
    c.rect(x - 80, 226, 54, 36, colour)
    c.line([(x + 268, 246), (x + 268, 330)], colour, 2)
    c.rect(x + 236, 330, 64, 24, p.hue)
    c.rect(x + 246, 246, 44, 26, p.accent)


def boat(c: Canvas, rng: Random, p: Palette) -> None:
    """A ferry on a wide lake at sunrise, hills in layers behind it."""
    c.disc(420, 226, 112, p.accent)
    for index, colour in enumerate(p.steps(mix(p.ground, p.hue, 0.4), p.deep, 4)):
        c.below(outline(wobble(rng, 3, 1 + index * 0.4, 40), 250 + index * 44), colour)
    c.rect(0, 424, WIDTH, HEIGHT, mix(p.teal, p.ground, 0.22))
    for _ in range(120):
        y = rng.uniform(432, HEIGHT)
        near = (y - 424) / 300
        x, width = rng.uniform(-80, WIDTH), 30 + 150 * near
        tone = (
            p.accent if abs(x + width / 2 - 420) < 90 and rng.random() < 0.7 else rng.choice((p.teal, p.ground, p.pale))
        )
        c.line([(x, y), (x + width, y)], tone, 2 + 3 * near, 0.8)
    c.poly([(640, 450), (1090, 450), (1060, 512), (668, 512)], p.line)
    c.rect(640, 438, 450, 14, p.accent)
    c.rect(690, 376, 340, 62, PAPER)
    for n in range(13):
        c.rect(704 + n * 25, 392, 14, 22, p.deep)
    c.rect(676, 352, 380, 10, p.line)
    for n in range(8):
        c.rect(690 + n * 48, 360, 5, 20, p.line)
    c.rect(950, 290, 46, 64, p.accent)
    c.rect(950, 300, 46, 12, p.line)
    for n in range(5):
        c.disc(985 + n * 52, 268 - n * 15, 14 + n * 6, PAPER, 0.8)


def sails(c: Canvas, rng: Random, p: Palette) -> None:
    """Lateen sails in a line on a banded sea, one of them red."""
    c.rect(0, 0, WIDTH, HEIGHT, mix(p.ground, p.hue, 0.34))
    c.disc(1080, 170, 70, PAPER)
    for index in range(9):
        c.below(
            outline(wobble(rng, 3, 1.5 + index * 0.2, 6 + index * 2), 430 + index * 34),
            mix(p.ground, p.teal, 0.2 + index * 0.09),
        )
    places = [(110, 0.5), (250, 0.6), (410, 0.74), (610, 1.0), (860, 1.45), (1160, 0.62)]
    for n, (x, size) in enumerate(places):
        base = 430 + 130 * (size - 0.4)
        colour = p.accent if n == 4 else mix(p.line, p.hue, 0.2 + 0.12 * n) if n % 2 else PAPER
        edge = mix(p.line, p.ground, 0.1)
        tip, tack, clew = (
            (x + 60 * size, base - 330 * size),
            (x - 80 * size, base - 60 * size),
            (x + 96 * size, base - 40 * size),
        )
        belly = [
            (
                (1 - t) ** 2 * tack[0] + 2 * t * (1 - t) * (x + 20 * size) + t * t * clew[0],
                (1 - t) ** 2 * tack[1] + 2 * t * (1 - t) * (base - 14 * size) + t * t * clew[1],
            )
            for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
        ]
        c.poly([tip, *belly], colour)
        c.line([tip, tack], edge, 5 * size)
        c.line([(x, base), (x + 8 * size, base - 220 * size)], edge, 6 * size)
        c.poly(
            [
                (x - 110 * size, base - 26 * size),
                (x + 120 * size, base - 16 * size),
                (x + 80 * size, base + 22 * size),
                (x - 74 * size, base + 20 * size),
            ],
            p.line,
        )
    for index in range(4):
        c.below(outline(wobble(rng, 3, 2, 8), 622 + index * 30), mix(p.ground, p.teal, 0.76 + index * 0.08))


def lighthouse(c: Canvas, rng: Random, p: Palette) -> None:
    """A tower on a rock, its beam over a dark sky and a banded sea."""
    sky = mix(p.hue, p.line, 0.62)
    c.rect(0, 0, WIDTH, HEIGHT, sky)
    lamp = (430, 190)
    for spread_, tone in ((150, 0.16), (104, 0.3), (58, 0.5)):
        c.poly([lamp, (WIDTH + 10, 96 - spread_), (WIDTH + 10, 96 + spread_)], mix(sky, PAPER, tone))
    c.poly([lamp, (-10, 250), (-10, 330)], mix(sky, PAPER, 0.18))
    for _ in range(46):
        c.disc(rng.uniform(0, WIDTH), rng.uniform(0, 400), rng.choice((1.2, 1.8, 2.4)), PAPER)
    for index in range(8):
        c.below(
            outline(wobble(rng, 3, 1.6, 10 + index), 470 + index * 36),
            mix(mix(p.hue, PAPER, 0.35), p.line, 0.1 + index * 0.09),
        )
    c.poly([(180, 640), (250, 540), (330, 508), (420, 494), (520, 506), (590, 556), (690, 640)], p.line)
    c.poly([(378, 500), (398, 232), (462, 232), (484, 500)], PAPER)
    for top, bottom in ((292, 352), (414, 470)):
        left, right = 378 + (500 - top) * 20 / 268, 484 - (500 - top) * 22 / 268
        c.poly([(left, top), (right, top), (right + 4, bottom), (left - 4, bottom)], p.accent)
    c.rect(384, 220, 92, 14, p.line)
    c.rect(404, 168, 52, 52, mix(p.hue, PAPER, 0.75))
    c.disc(*lamp, 15, PAPER)
    c.poly([(394, 170), (430, 128), (466, 170)], p.accent)
    c.rect(510, 470, 96, 52, PAPER)
    c.poly([(500, 472), (558, 436), (616, 472)], p.accent)
    c.rect(548, 488, 18, 34, p.line)


def canal(c: Canvas, rng: Random, p: Palette) -> None:
    """Narrow houses and their unbroken reflection."""
    water = 400
    tones = [PAPER, p.accent, p.teal, p.hue, mix(p.hue, p.line, 0.5), p.pale, mix(p.accent, PAPER, 0.5)]
    x, last = 0.0, -1
    while x < WIDTH:
        width = rng.uniform(84, 132)
        top = rng.uniform(110, 220)
        tone = rng.choice([n for n in range(len(tones)) if n != last])
        last = tone
        _house(c, rng, (x, top, width, water), tones[tone], p)
        x += width
    mirrored = c.image.crop((0, (2 * water - HEIGHT) * c.scale, WIDTH * c.scale, water * c.scale))
    c.image.paste(mirrored.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, water * c.scale))
    c.rect(0, water, WIDTH, HEIGHT - water, mix(p.hue, p.line, 0.35), 0.38)
    c.rect(0, water - 12, WIDTH, 14, p.line)
    for n in range(26):
        y = water + 14 + n * n * 0.46
        start = rng.uniform(0, WIDTH - 200)
        c.line([(start, y), (start + rng.uniform(60, 260), y)], PAPER, 2, 0.5)
    c.poly([(700, 520), (960, 520), (930, 548), (724, 548)], p.line)
    c.rect(790, 498, 90, 22, p.line)


def _house(c: Canvas, rng: Random, box: tuple[float, float, float, float], wall: Colour, p: Palette) -> None:
    x, top, width, floor = box
    c.rect(x, top, width, floor - top, wall)
    shape = rng.randrange(3)
    if shape == 0:
        c.poly([(x, top + 1), (x + width / 2, top - 66), (x + width, top + 1)], wall)
    elif shape == 1:
        for n in range(4):
            c.rect(x + n * width / 9, top - 16 * (n + 1), width - 2 * n * width / 9, 18, wall)
    else:
        c.rect(x - 3, top - 10, width + 6, 12, p.line)
    pane = p.line if sum(wall) > 330 else p.pale
    columns = 2 if width < 104 else 3
    for row in range(int((floor - top - 60) // 56)):
        for n in range(columns):
            gap = width / columns
            c.rect(x + gap * (n + 0.5) - 9, top + 22 + row * 56, 18, 32, pane)
    c.rect(x + width / 2 - 12, floor - 46, 24, 46, pane)


def pool(c: Canvas, rng: Random, p: Palette) -> None:
    """Swimmers between lines of buoys, seen from above."""
    base = mix(p.teal, PAPER, 0.12)
    c.rect(0, 0, WIDTH, HEIGHT, base)
    ripple = mix(base, PAPER, 0.18)
    for n in range(60):
        y = n * 12.5 - 10
        c.line(outline(wobble(rng, 3, 4, 5), y), ripple, 1.6)
    for lane in range(6):
        level = 60 + lane * 120
        drift = wobble(rng, 2, 1, 10)
        for n in range(54):
            x = n * 24 + 4
            c.disc(x, level + drift(x), 7, p.hue if (n // 4) % 2 else PAPER)
    for lane in range(5):
        for _ in range(2 if lane != 2 else 1):
            ahead = rng.uniform(120, 900) if lane != 2 else 1060
            _swimmer(c, ahead, 120 + lane * 120, p.accent if lane == 2 else p.line)


def _swimmer(c: Canvas, x: float, y: float, cap: Colour) -> None:
    for side in (-1, 1):
        c.line([(x - 70, y), (x - 200, y + side * 34)], PAPER, 3, 0.8)
        c.line([(x - 76, y), (x - 150, y + side * 16)], PAPER, 2, 0.8)
    skin = (196, 138, 98)
    c.line([(x - 58, y), (x - 14, y)], skin, 22)
    c.line([(x - 16, y - 10), (x + 24, y - 36), (x + 54, y - 26)], skin, 9)
    c.line([(x - 16, y + 10), (x - 40, y + 34)], skin, 9)
    c.disc(x + 6, y, 15, cap)


def bridge(c: Canvas, rng: Random, p: Palette) -> None:
    """Two halves of a cable-stayed bridge that meet over a river."""
    c.disc(640, 236, 118, p.hue)
    for index, colour in enumerate(p.steps(mix(p.ground, p.hue, 0.3), mix(p.hue, p.teal, 0.5), 3)):
        c.below(outline(wobble(rng, 3, 1.1, 34), 400 + index * 30), colour)
    c.rect(0, 520, WIDTH, HEIGHT, p.teal)
    for _ in range(80):
        x, y = rng.uniform(-40, WIDTH), rng.uniform(528, HEIGHT)
        c.line([(x, y), (x + rng.uniform(30, 150), y)], mix(p.teal, PAPER, rng.choice((0.2, 0.35))), 3)
    deck = 462
    for tower in (330, 950):
        c.line([(tower - 26, 590), (tower, 96), (tower + 26, 590)], p.line, 12)
        c.line([(tower - 17, deck + 30), (tower + 17, deck + 30)], p.line, 10)
        for n in range(1, 13):
            for side in (-1, 1):
                c.line([(tower, 104 + n * 12), (tower + side * n * 25.5, deck)], p.line, 2)
        c.rect(tower - 46, 584, 92, 22, p.line)
    c.rect(0, deck, 637, 16, p.line)
    c.rect(643, deck, 640, 16, p.line)
    c.rect(628, deck - 6, 24, 28, p.accent)
    for n in range(7):
        x = 500 + n * 44
        c.disc(x, deck - 22, 5, p.line)
        c.line([(x, deck - 18), (x, deck)], p.line, 5)


SCENES: dict[str, Scene] = {
    "boat": boat,
    "bridge": bridge,
    "canal": canal,
    "harbour": harbour,
    "lighthouse": lighthouse,
    "pool": pool,
    "sails": sails,
}
