"""The page on which a writer without JavaScript sees, changes and deletes a comment. It loads nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web

from services.comments.model.fields import LONGEST_BODY
from services.comments.model.rules import Status
from services.comments.plain_page import headers_of, style_of, templates_of
from services.comments.posting.translation import WORDS, known_language, translated
from shared.errors import Problem
from shared.site.site import Site

_HERE = Path(__file__).parent
_HEADERS = {"X-Robots-Tag": "noindex"}


@dataclass(frozen=True)
class EditView:
    """A comment for its writer. `body` is the typed text after an error; `message` says why it is not published.

    `error`: the sentence beside the text. `received`: it was sent a moment ago. Without `can_edit` there is no form.
    """

    comment_id: str
    status: Status
    body: str
    message: str
    language: str
    article_url: str
    until: datetime
    error: str = ""
    received: bool = False
    can_edit: bool = True


class EditPages:
    """The pages of one site."""

    def __init__(self, site: Site) -> None:
        self._template = templates_of(_HERE).get_template("edit_page.html")
        self._site = site
        self._style = style_of(site)

    def render(self, view: EditView, *, status: int = 200) -> web.Response:
        """The page of a comment, in its article's language or in the site's."""
        return self._response(view.language, status, view=view, refusal=None)

    def refuse(self, problem: Problem, language: str = "") -> web.Response:
        """The page of a problem without a form."""
        code = known_language(language, self._site.language)
        return self._response(
            language, problem.status, problem.headers, view=None, refusal=translated(problem.detail, code)
        )

    def _response(
        self, language: str, status: int, headers: dict[str, str] | None = None, /, **values: object
    ) -> web.Response:
        code = known_language(language, self._site.language)
        error = translated(view.error, code) if isinstance(view := values["view"], EditView) and view.error else None
        html = self._template.render(
            language=code,
            site=self._site,
            style=self._style,
            words={**WORDS[code]["edit"], "body": WORDS[code]["body"]},
            longest=LONGEST_BODY,
            error=error,
            **values,
        )
        sent = {**headers_of(self._style), **_HEADERS, **(headers or {})}
        return web.Response(status=status, text=html, content_type="text/html", headers=sent)
