"""The number of cores that a process may use."""

from pathlib import Path

import pytest

from deploy.local.cores import usable_cores


@pytest.mark.parametrize(
    ("limit", "most"), [("100000 100000", 1), ("150000 100000", 2), ("10000 100000", 1), ("max 100000", 4096)]
)
def test_quota_of_the_container_bounds_the_cores(limit: str, most: int, tmp_path: Path) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(limit + "\n")

    everywhere = usable_cores(tmp_path / "absent")

    assert usable_cores(file) == min(most, everywhere)
    assert everywhere >= 1
