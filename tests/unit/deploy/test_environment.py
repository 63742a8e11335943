"""The settings that the embedded stack gives its services, and the caller's that override them."""

from pathlib import Path

import pytest

from deploy.local.environment import for_services
from deploy.local.settings import LocalSettings

ADDRESSES = {"kafka": "127.0.0.1:1", "mongo": "mongodb://127.0.0.1:2", "redis": "redis://127.0.0.1:3",
             "mail": "smtp://127.0.0.1:4?tls=none"}  # fmt: skip
TOKEN = Path("/data/editor.token")


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WM_KAFKA", "WM_SESSION_TIMEOUT_MS"):
        monkeypatch.delenv(name, raising=False)


def test_sessions_are_short_on_the_embedded_broker_alone() -> None:
    assert for_services(LocalSettings(), ADDRESSES, TOKEN)["WM_SESSION_TIMEOUT_MS"] == "4000"
    assert "WM_SESSION_TIMEOUT_MS" not in for_services(LocalSettings(kafka="k:9092"), ADDRESSES, TOKEN)


def test_callers_session_timeout_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WM_SESSION_TIMEOUT_MS", "9000")

    assert for_services(LocalSettings(), ADDRESSES, TOKEN)["WM_SESSION_TIMEOUT_MS"] == "9000"


@pytest.mark.parametrize(("text", "parent"), [("true", True), ("1", True), ("0", False), ("4711", 4711), ("", None)])
def test_stop_with_parent_is_a_word_or_a_process_id(
    monkeypatch: pytest.MonkeyPatch, text: str, parent: bool | int | None
) -> None:
    monkeypatch.setenv("WM_STOP_WITH_PARENT", text)

    if parent is None:
        with pytest.raises(Exception, match="WM_STOP_WITH_PARENT"):
            LocalSettings.load()
    else:
        assert LocalSettings.load().stop_with_parent == parent
        assert type(LocalSettings.load().stop_with_parent) is type(parent)
