"""The texts of mails: subject, plain text, HTML and headers. What comes from outside is escaped, or made one line."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.comments.notifications.records import Mail
from services.comments.notifications.rules import one_line
from services.comments.notifications.smtp import smtp_form
from shared.site.site import Site
from shared.site.words import direction, primary

_HERE = Path(__file__).parent
WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads((_HERE / "words.toml").read_text("utf-8"))
# A subject of more is cut by most programs.
_LONGEST_SUBJECT_PART = 80

VERIFY_PATH = "/v1/comments/mail/verify"
UNSUBSCRIBE_PATH = "/v1/comments/mail/unsubscribe"


@dataclass(frozen=True)
class Story:
    """The article of a comment: its headline, and its address on the site."""

    headline: str
    url: str


@dataclass(frozen=True)
class ShownReply:
    """A reply in a digest. `yours` is the beginning of the recipient's own comment, `url` the reply's place on the site."""

    headline: str
    yours: str
    name: str
    text: str
    url: str


@dataclass(frozen=True)
class Addressing:
    """The parts of every mail: its recipient, and the token of its unsubscribe link."""

    mail: Mail
    email: str
    stop_token: str
    at: datetime


class MailTexts:
    """Writes the mails of one site. `sender` is the address that they come from."""

    def __init__(self, site: Site, site_url: str, sender: str) -> None:
        self._site = site
        self._site_url = site_url
        self._sender = sender
        options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
        loader = FileSystemLoader(_HERE / "templates")
        self._plain = Environment(loader=loader, autoescape=False, keep_trailing_newline=True, **options)  # type: ignore[arg-type]
        self._html = Environment(loader=loader, autoescape=True, **options)  # type: ignore[arg-type]

    def language(self, wanted: str) -> str:
        """The language of a mail: the wanted one, the site's, or English."""
        return next(code for code in (primary(wanted), primary(self._site.language), "en") if code in WORDS)

    def verification(self, to: Addressing, confirm_token: str, story: Story | None) -> EmailMessage:
        """The mail that asks to confirm an address. It has no text of a reader: anyone can have it sent to any address."""
        words = WORDS[self.language(to.mail.language)]["verification"]
        values = {"confirm_url": self._link(VERIFY_PATH, confirm_token), "story": story}
        return self._message(to, words["subject"], "verification", values)

    def digest(self, to: Addressing, replies: Sequence[ShownReply], more: int) -> EmailMessage:
        """The mail about new replies; `more` were left out."""
        words = WORDS[self.language(to.mail.language)]["digest"]
        headlines = {reply.headline for reply in replies}
        headline = one_line(next(iter(headlines), ""), _LONGEST_SUBJECT_PART)
        subject = words["subject"].format(headline=headline) if len(headlines) == 1 else words["subject_many"]
        return self._message(to, subject, "digest", {"replies": replies, "more": more})

    def _link(self, path: str, token: str) -> str:
        return f"{self._site_url}{path}?token={token}"

    def _message(
        self, to: Addressing, subject: str, kind: Literal["verification", "digest"], values: Mapping[str, object]
    ) -> EmailMessage:
        language, stop_url = self.language(to.mail.language), self._link(UNSUBSCRIBE_PATH, to.stop_token)
        name = self._site.name_in(language)
        all_values = {
            **values, "words": WORDS[language][kind], "site": name, "stop_url": stop_url, "language": language,
            "direction": direction(language), "subject": subject, "second": self._site.palette.light.second,
        }  # fmt: skip
        message = EmailMessage()
        message["From"] = Address(one_line(name, _LONGEST_SUBJECT_PART), addr_spec=self._sender)
        message["To"] = _address(to.email)
        message["Subject"] = subject
        message["Date"] = format_datetime(to.at)
        message["Message-ID"] = f"<{to.mail.id}.{kind}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["List-Unsubscribe"] = f"<{stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        for subtype, environment in (("plain", self._plain), ("html", self._html)):
            text = environment.get_template(f"{kind}.{'txt' if subtype == 'plain' else 'html'}").render(all_values)
            _add(message, text, subtype)
        message["Content-Language"] = language
        return message


def _address(email: str) -> Address:
    local, _, domain = smtp_form(email)[0].rpartition("@")
    return Address(username=local, domain=domain)


def _add(message: EmailMessage, text: str, subtype: str) -> None:
    # Quoted-printable is readable for most letters; Arabic is half as long in Base64.
    encoding = "quoted-printable" if sum(letter.isascii() for letter in text) * 4 > len(text) * 3 else "base64"
    if message.get_content_type() == "text/plain" and not message.is_multipart() and "Content-Type" not in message:
        message.set_content(text, subtype=subtype, charset="utf-8", cte=encoding)
    else:
        message.add_alternative(text, subtype=subtype, charset="utf-8", cte=encoding)
