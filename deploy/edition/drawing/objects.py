"""Scenes of single things: a telephone in its layers, scales, doors, a banknote, battery cells."""

import math
from random import Random

from deploy.edition.drawing.canvas import HEIGHT, PAPER, WIDTH, Canvas, Colour, Palette, Point, Scene, mix


def cells(c: Canvas, rng: Random, p: Palette) -> None:
    """Battery cells filled to different heights, one of them red."""
    for row in range(4):
        for column in range(12):
            x, y = 70 + column * 96, 46 + row * 162
            level = min(1.0, max(0.12, rng.gauss(0.72, 0.24)))
            bad = (row, column) == (1, 8)
            colour = p.accent if bad else p.teal if level > 0.7 else p.hue if level > 0.4 else mix(p.hue, PAPER, 0.5)
            level = 0.2 if bad else level
            c.rect(x + 22, y - 10, 36, 12, p.line)
            c.rect(x, y, 80, 134, p.line)
            c.rect(x + 6, y + 6, 68, 122, PAPER)
            tall = 122 * level
            c.rect(x + 6, y + 128 - tall, 68, tall, colour)
            for n in range(1, 4):
                c.rect(x + 6, y + 6 + n * 30, 16, 2, p.line)


def exploded(c: Canvas, rng: Random, p: Palette) -> None:
    """The layers of a telephone floating one above the other, held by thin axes."""
    layers: list[tuple[Colour, str]] = [
        (p.line, "glass"),
        (PAPER, "frame"),
        (p.teal, "board"),
        (p.hue, "cell"),
        (p.deep, "frame"),
        (p.accent, "back"),
    ]
    for n in range(len(layers) - 1):
        for corner in (0, 1, 2, 3):
            c.line(
                [_tile(640 - 400 + n * 160, 360)[corner], _tile(640 - 400 + (n + 1) * 160, 360)[corner]], p.line, 1.6
            )
    for n, (colour, kind) in reversed(list(enumerate(layers))):
        x = 640 - 400 + n * 160
        c.poly([(px + 9, py + 4) for px, py in _tile(x, 360)], mix(colour, p.line, 0.45))
        c.poly(_tile(x, 360), colour)
        _details(c, x, kind, p)


def _tile(x: float, y: float, inset: float = 0) -> list[Point]:
    half, tall, skew = 96 - inset, 230 - inset, 0.62
    return [
        (x - half, y - tall + half * skew),
        (x + half, y - tall - half * skew),
        (x + half, y + tall - half * skew),
        (x - half, y + tall + half * skew),
    ]


def _details(c: Canvas, x: float, kind: str, p: Palette) -> None:
    def at(u: float, v: float) -> Point:
        return (x + u * 96, 360 + v * 230 - u * 96 * 0.62)

    if kind == "glass":
        c.poly(_tile(x, 360, 10), mix(p.line, p.teal, 0.35))
        c.poly([at(-0.6, -0.9), at(0.1, -0.9), at(-0.85, 0.2), at(-0.85, -0.4)], PAPER, 0.25)
    elif kind == "frame":
        c.poly(_tile(x, 360, 22), p.ground)
    elif kind == "board":
        for u, v, wide, tall in (
            (-0.6, -0.8, 0.6, 0.3),
            (0.2, -0.6, 0.5, 0.2),
            (-0.6, -0.3, 0.3, 0.2),
            (-0.1, -0.2, 0.7, 0.4),
            (-0.6, 0.4, 1.2, 0.12),
            (-0.6, 0.64, 0.5, 0.2),
        ):
            c.poly([at(u, v), at(u + wide, v), at(u + wide, v + tall), at(u, v + tall)], p.pale)
    elif kind == "cell":
        c.poly([at(-0.7, -0.5), at(0.7, -0.5), at(0.7, 0.8), at(-0.7, 0.8)], p.line)
        c.poly([at(-0.2, 0.05), at(0.2, -0.3), at(0.02, 0.1), at(0.22, 0.12), at(-0.2, 0.55), at(0, 0.2)], p.pale)
    else:
        c.disc(*at(0, 0), 30, p.ground)
        c.line([at(-0.2, -0.05), at(0.2, 0.05)], p.line, 8)


def banknote(c: Canvas, rng: Random, p: Palette) -> None:
    """A paper note: engraved waves, a rosette, and twelve boxes for stamps, one of them red."""
    c.rect(0, 0, WIDTH, HEIGHT, p.hue)
    c.rect(114, 122, 1070, 500, mix(p.hue, p.line, 0.4))
    c.rect(100, 106, 1070, 500, PAPER)
    for n in range(26):
        lift = n / 26 * math.tau
        wave = [(x, 330 + 120 * math.sin(x / 92 + lift) * math.cos(x / 370)) for x in range(130, 1141, 5)]
        c.line(wave, mix(p.teal, PAPER, 0.55), 1.3)
    c.disc(370, 330, 170, PAPER)
    for n in range(1, 7):
        petals = []
        for k in range(361):
            angle = k / 360 * math.tau
            reach = (150 - n * 14) * (1 + 0.16 * math.sin(12 * angle + n * 0.55))
            petals.append((370 + reach * math.cos(angle), 330 + reach * math.sin(angle)))
        c.line(petals, p.teal if n % 2 else p.deep, 3)
    c.disc(370, 330, 40, p.deep)
    c.rect(116, 122, 1038, 3, p.deep)
    c.rect(116, 587, 1038, 3, p.deep)
    for n in range(12):
        x = 640 + (n % 6) * 82
        y = 220 + (n // 6) * 120
        c.rect(x, y, 68, 84, p.deep)
        c.rect(x + 3, y + 3, 62, 78, PAPER)
        if n < 5:
            c.disc(x + 34 + rng.uniform(-5, 5), y + 42 + rng.uniform(-5, 5), 24, p.accent if n == 4 else p.teal)
    for n in range(8):
        c.rect(180 + n * 16, 550, rng.choice((5, 9)), 18, p.deep)


def doors(c: Canvas, rng: Random, p: Palette) -> None:
    """Seven closed doors in a row; the red one stands ajar and lets out light."""
    c.rect(0, 590, WIDTH, 130, mix(p.ground, p.hue, 0.22))
    for n in range(7):
        x, ajar = 66 + n * 168, n == 4
        tall = 400
        c.rect(x - 10, 590 - tall - 12, 140, tall + 12, mix(p.ground, p.line, 0.3))
        if ajar:
            glow = (245, 214, 150)
            c.rect(x, 590 - tall, 120, tall, glow)
            c.poly([(x, 590), (x + 120, 590), (x + 250, 720), (x - 60, 720)], glow, 0.5)
            c.poly([(x, 590 - tall), (x + 62, 590 - tall + 34), (x + 62, 622), (x, 590)], p.accent)
            c.disc(x + 50, 430, 6, PAPER)
            continue
        tone = (p.hue, p.deep, p.teal)[n % 3]
        c.rect(x, 590 - tall, 120, tall, tone)
        rows = rng.choice((2, 3))
        for row in range(rows):
            for column in range(2):
                high = (tall - 40) / rows - 20
                c.rect(x + 16 + column * 48, 590 - tall + 24 + row * (high + 20), 38, high, mix(tone, p.ground, 0.35))
        c.disc(x + 108, 410, 6, PAPER)


def balance(c: Canvas, rng: Random, p: Palette) -> None:
    """A pair of scales: a round loaf on one pan, a single coin on the other, and the coin is heavier."""
    c.disc(640, 330, 300, mix(p.ground, p.hue, 0.3))
    left, right = (300, 250), (980, 330)
    c.line([left, right], p.line, 14)
    c.poly([(624, 640), (632, 220), (648, 220), (656, 640)], p.line)
    c.rect(510, 636, 260, 20, p.line)
    c.disc(640, 290, 26, p.accent)
    c.disc(640, 290, 10, p.ground)
    for x, y in (left, right):
        c.disc(x, y, 12, p.line)
        for side in (-1, 1):
            c.line([(x, y), (x + side * 150, y + 196)], p.line, 3)
        bowl = [(x + 170 * math.cos(a * math.pi / 30), y + 196 + 62 * math.sin(a * math.pi / 30)) for a in range(31)]
        c.poly(bowl, p.teal)
    x, y = left[0], left[1] + 196
    loaf = [
        (x + 124 * math.cos(math.pi + a * math.pi / 30), y + 104 * math.sin(math.pi + a * math.pi / 30))
        for a in range(31)
    ]
    c.poly(loaf, (196, 132, 66))
    for n in range(-2, 3):
        c.line([(x + n * 40 - 16, y - 62 + abs(n) * 16), (x + n * 40 + 16, y - 34 + abs(n) * 16)], (247, 226, 184), 7)
    for _ in range(30):
        c.disc(x + rng.gauss(0, 46), y - 20 - abs(rng.gauss(0, 22)), 2.4, (247, 226, 184))
    coin_x, coin_y = right[0], right[1] + 196
    c.disc(coin_x, coin_y - 46, 46, p.hue)
    c.ring(coin_x, coin_y - 46, 38, mix(p.hue, PAPER, 0.5), 3)
    c.disc(coin_x, coin_y - 46, 13, mix(p.ground, p.hue, 0.3))


SCENES: dict[str, Scene] = {
    "balance": balance,
    "banknote": banknote,
    "cells": cells,
    "doors": doors,
    "exploded": exploded,
}
