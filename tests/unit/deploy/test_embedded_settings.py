"""docs/EMBEDDED.md names every setting of the embedded stack, with its default."""

from pathlib import Path

from deploy.local.settings import LocalSettings

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "EMBEDDED.md").read_text()


def test_every_setting_is_described() -> None:
    missing = [f"WM_{name.upper()}" for name in LocalSettings.model_fields if f"`WM_{name.upper()}`" not in TEXT]

    assert missing == []


def test_documented_defaults_are_true() -> None:
    defaults = LocalSettings.model_construct()

    for name in ("port", "data", "edition", "rate_limits"):
        assert f"| `WM_{name.upper()}` | `{getattr(defaults, name)}` |" in TEXT
