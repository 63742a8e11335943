"""The query of an oEmbed card: clients choose any size; few sizes are rendered and cached."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rendering.gateway.oembed import WIDEST, read_embed_query
from shared.errors import Problem

SITE = "https://news.example"
PIXELS = st.integers(1, 99_999)


def target(width: int, height: int) -> str:
    return f"/v1/oembed?url={SITE}/world/a&maxwidth={width}&maxheight={height}"


@given(PIXELS, PIXELS)
def test_card_fits_the_requested_size(width: int, height: int) -> None:
    query = read_embed_query(target(width, height), SITE)

    assert 1 <= query.width <= min(width, WIDEST)
    assert query.most_height is not None
    assert 1 <= query.most_height <= height


def test_any_requested_size_maps_to_few_cards() -> None:
    widths = {read_embed_query(target(width, 500), SITE).key for width in range(1, 1000)}
    heights = {read_embed_query(target(500, height), SITE).key for height in range(1, 100_000, 7)}

    assert 1 < len(widths) * len(heights) < 100


def test_card_without_bounds_has_the_widest_size_and_no_height_limit() -> None:
    query = read_embed_query(f"/v1/oembed?url={SITE}/world/a", SITE)

    assert (query.width, query.most_height) == (WIDEST, None)


@pytest.mark.parametrize("more", ["url=x", "maxwidth=100&maxwidth=200", "format=json&format=xml"])
def test_repeated_parameter_is_refused(more: str) -> None:
    with pytest.raises(Problem) as caught:
        read_embed_query(f"/v1/oembed?url={SITE}/world/a&{more}", SITE)

    assert caught.value.status == 422


def test_long_target_is_refused_before_it_is_read() -> None:
    with pytest.raises(Problem) as caught:
        read_embed_query("/v1/oembed?" + "url=%41&" * 1000, SITE)

    assert caught.value.status == 414
