"""The pages that links in mails lead to, in the site's look. They work without scripts and load nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from services.comments.notifications.mail_text import WORDS
from services.comments.plain_page import headers_of, style_of
from shared.site.site import Site
from shared.site.words import direction, primary

PageName = Literal["verify", "verified", "unsubscribe", "unsubscribed", "unknown"]

_TEMPLATES = Path(__file__).with_name("templates")
# The address of the page is a credential: no other site may learn it.
_HEADERS: Mapping[str, str] = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class MailPages:
    """The pages of one site."""

    def __init__(self, site: Site) -> None:
        environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True)
        self._template = environment.get_template("page.html")
        self._site = site
        self._style = style_of(site)

    def response(self, page: PageName, language: str, request: web.Request, status: int = 200) -> web.Response:
        """A page in a language of the reader, or in the site's."""
        code = next(code for code in (primary(language), primary(self._site.language), "en") if code in WORDS)
        words = WORDS[code]["page"]
        html = self._template.render(
            language=code,
            direction=direction(code),
            site=self._site.name_in(code),
            style=self._style,
            words=words[page],
            back=words["back"],
            action=request.path_qs,
        )
        headers = {**headers_of(self._style), **_HEADERS}
        return web.Response(status=status, text=html, content_type="text/html", headers=headers)
