"""What a card's address asks for: sizes that a stranger may choose, of which few are made and kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rendering.gateway.oembed import WIDEST, read_wanted
from shared.errors import Problem

SITE = "https://news.example"
PIXELS = st.integers(1, 99_999)


def target(width: int, height: int) -> str:
    return f"/v1/oembed?url={SITE}/world/a&maxwidth={width}&maxheight={height}"


@given(PIXELS, PIXELS)
def test_a_card_keeps_within_the_size_that_was_asked_for(width: int, height: int) -> None:
    wanted = read_wanted(target(width, height), SITE)

    assert 1 <= wanted.width <= min(width, WIDEST)
    assert wanted.most_height is not None
    assert 1 <= wanted.most_height <= height


def test_an_article_has_few_cards_whatever_sizes_are_asked_for() -> None:
    widths = {read_wanted(target(width, 500), SITE).key for width in range(1, 1000)}
    heights = {read_wanted(target(500, height), SITE).key for height in range(1, 100_000, 7)}

    assert 1 < len(widths) * len(heights) < 100


def test_without_bounds_a_card_is_as_wide_as_an_articles_column_and_as_high_as_it_needs_to_be() -> None:
    wanted = read_wanted(f"/v1/oembed?url={SITE}/world/a", SITE)

    assert (wanted.width, wanted.most_height) == (WIDEST, None)


@pytest.mark.parametrize("more", ["url=x", "maxwidth=100&maxwidth=200", "format=json&format=xml"])
def test_a_parameter_that_comes_twice_is_refused(more: str) -> None:
    with pytest.raises(Problem) as caught:
        read_wanted(f"/v1/oembed?url={SITE}/world/a&{more}", SITE)

    assert caught.value.status == 422
