"""The layout of whole pictures: sizes, widths for the choice of a variant, placeholders."""

import pytest

from shared.figures import column_sizes, placeholder_class, shown_size
from shared.pictures import PictureFacts

WIDE = PictureFacts(
    id="p", folder="0123456789abcdef", stamp="0a1b2c3d", width=2400, height=1600, original="original-0a1b2c3d.jpg",
    size_bytes=1, color="#10a0f0",
)  # fmt: skip


def of_size(width: int, height: int) -> PictureFacts:
    return WIDE.model_copy(update={"width": width, "height": height})


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [(2400, 1600, (1008, 672)), (1200, 1800, (448, 672)), (300, 200, (300, 200)), (1, 2560, (1, 672))],
)
def test_picture_is_at_most_672_pixels_high(width: int, height: int, shown: tuple[int, int]) -> None:
    assert shown_size(of_size(width, height)) == shown


@pytest.mark.parametrize(
    ("facts", "half", "sizes"),
    [
        (WIDE, False, "(min-width: 40rem) 38rem, calc(100vw - 2.5rem)"),
        (WIDE, True, "(min-width: 40rem) 18.5rem, calc(100vw - 2.5rem)"),
        (of_size(1200, 1800), False, "(min-width: 480px) 448px, calc(100vw - 2.5rem)"),
        (of_size(1200, 1800), True, "(min-width: 40rem) 18.5rem, (min-width: 480px) 448px, calc(100vw - 2.5rem)"),
        (of_size(200, 100), True, "(min-width: 232px) 200px, calc(100vw - 2.5rem)"),
    ],
)
def test_sizes_follow_the_column_and_the_picture(facts: PictureFacts, half: bool, sizes: str) -> None:
    assert column_sizes(facts, half=half) == sizes


def test_transparent_picture_has_no_colour_behind_it() -> None:
    drawing = WIDE.model_copy(update={"original": "original-0a1b2c3d.png"})

    assert (placeholder_class(WIDE), placeholder_class(drawing)) == ("tone-023", "see-through")
