"""Texts of mails: headers, both parts, both languages, and nothing that a stranger's text could add."""

import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import parsedate_to_datetime

import pytest

from services.comments.notifications.mail_text import WORDS, Addressing, MailTexts, ShownReply, Story
from services.comments.notifications.records import Mail
from shared.site.site import load_site
from shared.times import now

TEXTS = MailTexts(load_site(None), "https://news.example", "comments@news.example")
TO = Addressing(Mail("01m", "digest", "r", now(), "en"), "ada@bücher.example", "stop-token", now())
EVIL = "<script>alert(1)</script>\r\nBcc: victim@example.org\r\n\r\n{count} {0} %s"
REPLY = ShownReply(
    "The lake came back", "Mine & yours", "Zoë <b>", "Yes, <i>indeed</i>.", "https://news.example/a?comment=1#comment-1"
)


def sent(message: EmailMessage) -> EmailMessage:
    """The message as a program of the reader parses it."""
    parsed = message_from_bytes(message.as_bytes(policy=SMTP), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found is not None
    return str(found.get_content())


def test_every_mail_says_what_it_is_and_how_to_end_it() -> None:
    for message in (TEXTS.verification(TO, "token", None), TEXTS.digest(TO, [REPLY], 0)):
        mail = sent(message)

        assert mail["From"] == "World Monitor <comments@news.example>"
        assert mail["To"] == "ada@xn--bcher-kva.example"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert re.fullmatch(r"<01m\.(verification|digest)@news\.example>", mail["Message-ID"])
        assert parsedate_to_datetime(mail["Date"]) == TO.at.replace(microsecond=0)
        assert (
            mail["List-Unsubscribe"].strip() == "<https://news.example/v1/comments/mail/unsubscribe?token=stop-token>"
        )
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "In-Reply-To" not in mail
        for subtype in ("plain", "html"):
            assert "/v1/comments/mail/unsubscribe?token=stop-token" in part(mail, subtype)


def test_digest_shows_replies_and_their_places() -> None:
    mail = sent(TEXTS.digest(TO, [REPLY], 3))

    assert mail["Subject"] == "New replies to your comment on “The lake came back”"
    plain, html = part(mail, "plain"), part(mail, "html")
    for expected in (REPLY.text, REPLY.name, REPLY.yours, REPLY.url, "Further new replies: 3."):
        assert expected in plain
    assert "Yes, &lt;i&gt;indeed&lt;/i&gt;." in html
    assert 'href="https://news.example/a?comment=1#comment-1"' in html
    assert sent(TEXTS.digest(TO, [REPLY, replace(REPLY, headline="B")], 0))["Subject"] == "New replies to your comments"


def test_hostile_texts_add_no_header_and_no_markup() -> None:
    evil = ShownReply(EVIL, EVIL, EVIL, EVIL, "https://news.example/a")

    for message in (
        TEXTS.digest(TO, [evil], 1),
        TEXTS.verification(TO, "token", Story(EVIL, "https://news.example/a")),
    ):
        mail = sent(message)

        assert "Bcc" not in mail
        assert mail.get_all("To") == ["ada@xn--bcher-kva.example"]
        assert "<script" not in part(mail, "html")
        assert mail.defects == []


def test_arabic_mail_is_right_to_left_and_unknown_languages_are_those_of_the_site() -> None:
    arabic = sent(TEXTS.digest(replace(TO, mail=replace(TO.mail, language="ar-EG")), [REPLY], 0))
    other = sent(TEXTS.digest(replace(TO, mail=replace(TO.mail, language="xx")), [REPLY], 0))

    assert arabic["Content-Language"] == "ar"
    assert '<html lang="ar" dir="rtl">' in part(arabic, "html")
    assert WORDS["ar"]["digest"]["why"] in part(arabic, "plain")
    assert other["Content-Language"] == "en"


def test_languages_have_the_same_words_with_the_same_places() -> None:
    def places(table: object, path: str = "") -> set[tuple[str, tuple[str, ...]]]:
        if isinstance(table, dict):
            return {found for name, inner in table.items() for found in places(inner, f"{path}.{name}")}
        return {(path, tuple(sorted(re.findall(r"{\w+}", str(table)))))}

    assert places(WORDS["ar"]) == places(WORDS["en"])


@pytest.mark.parametrize("email", ["用户@例子.广告", "a+b='x'@example.org", "o'neil%relay@example.org"])
def test_unusual_addresses_have_one_recipient(email: str) -> None:
    message = TEXTS.digest(replace(TO, email=email), [REPLY], 0)

    assert len(message["To"].addresses) == 1
