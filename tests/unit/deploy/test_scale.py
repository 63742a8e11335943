"""WM_SCALE: what it means, and what is said when it means nothing."""

import pytest

from deploy.local.settings import SERVICE_NAMES, parse_scale
from shared.errors import SettingsError


def test_every_service_has_its_usual_number_where_nothing_is_said() -> None:
    scale = parse_scale("")

    assert set(scale) == set(SERVICE_NAMES)
    assert (scale["rendering"], scale["popularity"], scale["ingestion"]) == (2, 3, 1)


def test_what_is_named_is_changed_and_the_rest_stays() -> None:
    scale = parse_scale(" popularity-counter=4 , rendering=1,")

    assert (scale["popularity-counter"], scale["rendering"], scale["popularity"]) == (4, 1, 3)


@pytest.mark.parametrize(
    "part", ["renderer=2", "rendering", "rendering=", "rendering=0", "rendering=two", "rendering=65"]
)
def test_a_part_that_is_wrong_is_named_with_its_variable(part: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_scale(f"ingestion=1,{part}")

    assert "WM_SCALE" in str(caught.value)
    assert repr(part) in str(caught.value)
