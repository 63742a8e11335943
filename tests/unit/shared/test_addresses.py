"""Credentials come out of files, into addresses, and out of them again for Kafka; they never show."""

from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.kafka.addresses import kafka_options, sign_in
from shared.settings import Settings


def test_a_password_from_a_file_is_in_the_address_and_in_no_text_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kafka").write_text("s3cret\n")
    monkeypatch.setenv("WM_ACCOUNT", "comments")
    monkeypatch.setenv("WM_KAFKA", "kafka:9092")
    monkeypatch.setenv("WM_KAFKA_PASSWORD_FILE", str(tmp_path / "kafka"))

    settings = Settings.load()

    assert settings.kafka == "sasl://comments:s3cret@kafka:9092"
    assert settings.redis == "redis://127.0.0.1:6379"
    assert "s3cret" not in repr(settings)


def test_an_empty_or_missing_password_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis").touch()
    for name in ("redis", "absent"):
        monkeypatch.setenv("WM_REDIS_PASSWORD_FILE", str(tmp_path / name))

        with pytest.raises(SettingsError, match="WM_REDIS_PASSWORD_FILE"):
            Settings.load()


def test_a_broker_without_accounts_is_asked_without_any() -> None:
    assert kafka_options("a:9092,b:9092") == {"bootstrap_servers": "a:9092,b:9092"}


def test_odd_characters_of_a_password_arrive_as_they_are() -> None:
    options = kafka_options(sign_in("a:9092,b:9092", "desk", "p:@/%?"))

    assert options["bootstrap_servers"] == "a:9092,b:9092"
    assert options["sasl_plain_username"] == "desk"
    assert options["sasl_plain_password"] == "p:@/%?"
