"""A mail server's address as a setting."""

import pytest

from shared.errors import SettingsError
from shared.smtp_address import SmtpAddress, parse_smtp, with_password


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("smtp://mail.example", SmtpAddress("mail.example", 587, "starttls")),
        ("smtp://ada%40news.example@mail.example:25?tls=starttls", SmtpAddress("mail.example", 25, "starttls", "ada@news.example")),
        ("smtps://ada:s%2Fcret@mail.example/", SmtpAddress("mail.example", 465, "tls", "ada", "s/cret")),
        ("smtp://127.0.0.1:1025?tls=none", SmtpAddress("127.0.0.1", 1025, "none")),
    ],
)  # fmt: skip
def test_address_names_server_tls_and_account(url: str, address: SmtpAddress) -> None:
    assert parse_smtp(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "mail.example", "smtp://", "http://mail.example", "smtp://mail.example:99999", "smtp://mail.example?tls=maybe",
        "smtps://mail.example?tls=none", "smtp://mail.example?x=1", "smtp://mail.example/path",
        "smtp://ada:secret@mail.example?tls=none",
    ],
)  # fmt: skip
def test_wrong_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_smtp(url)

    assert "secret" not in str(raised.value)


def test_password_joins_the_account_and_is_in_no_text() -> None:
    address = parse_smtp(with_password("smtp://ada@mail.example?tls=starttls", "p@ss/word"))

    assert (address.account, address.password, address.tls) == ("ada", "p@ss/word", "starttls")
    assert "p@ss" not in repr(address)
    for url in ("smtp://mail.example", "smtp://ada@mail.example?tls=none", "smtp://ada:x@mail.example"):
        with pytest.raises(SettingsError):
            with_password(url, "secret")
