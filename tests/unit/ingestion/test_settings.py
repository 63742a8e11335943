"""The admin token file is checked at the start."""

from pathlib import Path

import pytest

from services.ingestion.settings import IngestionSettings
from shared.errors import SettingsError


@pytest.mark.parametrize("text", ["", "secret", "a token with spaces in it, though long", "wm_" + "ü" * 30])
def test_file_without_a_token_is_a_settings_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)

    with pytest.raises(SettingsError, match="WM_ADMIN_TOKEN_FILE"):
        IngestionSettings(admin_token_file=tmp_path / "token").admin_token()


def test_missing_file_is_a_settings_error_and_no_file_is_fine(tmp_path: Path) -> None:
    assert IngestionSettings(admin_token_file=None).admin_token() is None
    with pytest.raises(SettingsError, match="WM_ADMIN_TOKEN_FILE"):
        IngestionSettings(admin_token_file=tmp_path / "nothing").admin_token()


def test_token_is_read_without_its_line_break(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wm_0123456789abcdefghij\n")

    assert IngestionSettings(admin_token_file=tmp_path / "token").admin_token() == "wm_0123456789abcdefghij"
