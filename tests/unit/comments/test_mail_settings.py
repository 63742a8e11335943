"""Settings of the mail server: a wrong one stops the process with its name, and no password is shown."""

from pathlib import Path

import pytest

from services.comments.settings import CommentsSettings
from shared.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WM_SMTP", "mail.example"),
        ("WM_SMTP", "smtp://ada:secret@mail.example?tls=none"),
        ("WM_MAIL_FROM", "nobody"),
        ("WM_MAIL_FROM", "a@news.example\nBcc: b@news.example"),
        ("WM_MAILS_A_DAY", "0"),
    ],
)
def test_wrong_setting_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name) as raised:
        CommentsSettings.load()

    assert "secret" not in str(raised.value)


def test_password_comes_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text("s/cret\n")
    monkeypatch.setenv("WM_SMTP", "smtp://ada@mail.example")
    monkeypatch.setenv("WM_SMTP_PASSWORD_FILE", str(file))

    settings = CommentsSettings.load()

    assert settings.mail_server is not None
    assert (settings.mail_server.account, settings.mail_server.password) == ("ada", "s/cret")
    assert "cret" not in repr(settings)


def test_without_a_server_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WM_SMTP", raising=False)

    assert CommentsSettings.load().mail_server is None
