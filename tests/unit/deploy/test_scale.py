"""WM_SCALE: its meaning, and the error when it is invalid."""

import pytest

from deploy.local.settings import SERVICE_NAMES, parse_scale
from shared.errors import SettingsError


def test_empty_scale_gives_every_service_its_default() -> None:
    scale = parse_scale("")

    assert set(scale) == set(SERVICE_NAMES)
    assert (scale["rendering"], scale["popularity"], scale["ingestion"]) == (2, 3, 1)


def test_scale_changes_named_services_alone() -> None:
    scale = parse_scale(" popularity-counter=4 , rendering=1,")

    assert (scale["popularity-counter"], scale["rendering"], scale["popularity"]) == (4, 1, 3)


@pytest.mark.parametrize(
    "part", ["renderer=2", "rendering", "rendering=", "rendering=0", "rendering=two", "rendering=65"]
)
def test_invalid_part_is_named_with_its_variable(part: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_scale(f"ingestion=1,{part}")

    assert "WM_SCALE" in str(caught.value)
    assert repr(part) in str(caught.value)
