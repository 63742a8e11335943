"""Credentials: from files into addresses, and from Kafka's address into options. No text of the settings shows them."""

from pathlib import Path

import pytest

from shared.addresses import kafka_options, sign_in
from shared.errors import SettingsError
from shared.settings import Settings


def test_password_file_goes_into_the_address_and_no_other_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kafka").write_text("s3cret\n")
    monkeypatch.setenv("WM_ACCOUNT", "comments")
    monkeypatch.setenv("WM_KAFKA", "kafka:9092")
    monkeypatch.setenv("WM_KAFKA_PASSWORD_FILE", str(tmp_path / "kafka"))

    settings = Settings.load()

    assert settings.kafka == "sasl://comments:s3cret@kafka:9092"
    assert settings.redis == "redis://127.0.0.1:6379"
    assert "s3cret" not in repr(settings)


def test_error_names_an_empty_or_missing_password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis").touch()
    for name in ("redis", "absent"):
        monkeypatch.setenv("WM_REDIS_PASSWORD_FILE", str(tmp_path / name))

        with pytest.raises(SettingsError, match="WM_REDIS_PASSWORD_FILE"):
            Settings.load()


def test_address_without_account_gives_no_sign_in_options() -> None:
    assert kafka_options("a:9092,b:9092") == {"bootstrap_servers": "a:9092,b:9092"}


def test_special_characters_of_a_password_are_preserved() -> None:
    options = kafka_options(sign_in("a:9092,b:9092", "desk", "p:@/%?"))

    assert options["bootstrap_servers"] == "a:9092,b:9092"
    assert options["sasl_plain_username"] == "desk"
    assert options["sasl_plain_password"] == "p:@/%?"
