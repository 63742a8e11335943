"""Mutations of each type of file: accepted as a clean picture or refused with a reason; the service goes on."""

import random

import pytest

from shared.errors import Problem
from tests.support.drawn_pictures import KINDS, drawing, encoded, opened, picture
from tests.support.upload_checks import UploadBench

pytestmark = pytest.mark.asyncio(loop_scope="module")

_REFUSALS = (415, 422)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The file with some bytes changed, cut out, doubled, or replaced by extreme numbers."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        # Headers decide most, so half of the changes hit them.
        place = chance.randrange(min(len(changed), chance.choice((64, len(changed)))))
        match chance.randrange(5):
            case 0:
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                changed[place] = chance.choice((0, 0x7F, 0x80, 0xFF))
            case 2:
                changed[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)))
            case 3:
                del changed[place : place + chance.randrange(1, 32)]
            case _:
                changed[place:place] = changed[place : place + chance.randrange(1, 256)]
        if len(changed) < 2:
            break
    return bytes(changed)


async def survive(bench: UploadBench, kind: str, count: int, seed: int) -> None:
    """Check so many mutations, then a good picture."""
    chance = random.Random(f"{kind} {seed}")
    whole = encoded(drawing(96, 64).effect_spread(6), kind)
    for number in range(count):
        try:
            _, original = await bench.check(mutated(whole, chance))
        except Problem as problem:
            if problem.status not in _REFUSALS:
                raise
        else:
            assert opened(original).format in ("JPEG", "PNG"), f"{kind} {seed} {number}"
    assert (await bench.check(picture(kind)))[0].facts.width == 320


@pytest.mark.parametrize("kind", KINDS)
async def test_twenty_mutations_harm_nothing(bench: UploadBench, kind: str) -> None:
    await survive(bench, kind, 20, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_thousand_mutations_harm_nothing(bench: UploadBench, kind: str) -> None:
    await survive(bench, kind, 1000, seed=2)
