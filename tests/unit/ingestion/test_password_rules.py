"""Which passwords are refused, and that good ones are not."""

import pytest

from services.ingestion.people.password_rules import fault_of

ABOUT = ("Jane Doe", "jane.doe@paper.example", "World Monitor")


@pytest.mark.parametrize(
    "password",
    [
        "elevenchars",
        "x" * 201,
        "aaaaaaaaaaaaa",
        "abababababab",
        "abcdefghijkl",
        "zyxwvutsrqponm",
        "1234567890123",
        "qwertyuiopas",
        "password1234",
        "P@ssw0rd!2026",
        "passwordpassword",
        "Summer2026!!!!",
        "iloveyou123456",
        "secretsecret12",
        "admin-password",
        "dragon.monkey.1",
        "ｐａｓｓｗｏｒｄ１２３４",
        "Jane-Doe-1987",
        "jane.doe@paper",
        "worldmonitor26",
    ],
)
def test_guessable_password_is_refused(password: str) -> None:
    assert fault_of(password, ABOUT) is not None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "glacier-tandem-4471",
        "sJ8#kkd92mQz1",
        "ترحيب كبير جدا",
        "密码密码不是好主意但是很长",
        "jane likes long walks",
        "the password is hidden",
        "x7" + "q2w" * 66,
    ],
)
def test_other_password_is_accepted(password: str) -> None:
    assert fault_of(password, ABOUT) is None
