"""The error page after a form, for readers without JavaScript: the errors, and the form with the typed text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiohttp import web

from services.comments.model.fields import LONGEST_BODY, LONGEST_EMAIL, LONGEST_NAME, LONGEST_WEBSITE
from services.comments.plain_forms import back_path
from services.comments.plain_page import headers_of, style_of, templates_of
from services.comments.posting.translation import WORDS, translated
from shared.errors import FieldError, Problem
from shared.http.requests import FORM_TYPE, parse_form, read_body
from shared.site.site import Site

_HERE = Path(__file__).parent
# Another try may help, so the page has the form. A withdrawn or closed article never takes a comment.
_RETRYABLE = (400, 422, 429, 503)


@dataclass(frozen=True)
class FormField:
    """A visible field. `label` is a key of `words.toml`, `kind` an input's type or `textarea`."""

    name: str
    label: str
    kind: str
    longest: int
    required: bool = True


@dataclass(frozen=True)
class ReaderForm:
    """One of the site's forms. `replies`: it has the hidden field `parent_id`."""

    kind: Literal["comment", "letter"]
    fields: tuple[FormField, ...]
    replies: bool = False


_NAME = FormField("name", "name", "text", LONGEST_NAME)
_EMAIL = FormField("email", "email", "email", LONGEST_EMAIL)
_WEBSITE = FormField("website", "website", "url", LONGEST_WEBSITE, required=False)
COMMENT = ReaderForm(
    "comment", (FormField("body", "body", "textarea", LONGEST_BODY), _NAME, _EMAIL, _WEBSITE), replies=True
)
LETTER = ReaderForm("letter", (FormField("body", "message", "textarea", LONGEST_BODY), _NAME, _EMAIL))


class FormErrorPages:
    """The error pages of one site, in its colours. They load nothing, so that they work while other parts do not."""

    def __init__(self, site: Site) -> None:
        self._template = templates_of(_HERE).get_template("refused.html")
        self._site = site
        self._style = style_of(site)

    async def render(
        self, problem: Problem, request: web.Request, form: ReaderForm, language: str = ""
    ) -> web.Response:
        """The page of a problem, with the form and the typed text when another try can help."""
        retryable = problem.status in _RETRYABLE
        html = self._html(
            problem, form, language or self._site.language, request, await _typed(request, form, retryable)
        )
        headers = {**headers_of(self._style), **problem.headers}
        return web.Response(status=problem.status, text=html, content_type="text/html", headers=headers)

    def _html(
        self, problem: Problem, form: ReaderForm, wanted: str, request: web.Request, typed: Mapping[str, str] | None
    ) -> str:
        language = wanted if wanted in WORDS else "en"
        shown = [field.name for field in form.fields]
        errors = {_field(error): translated(error.detail, language) for error in problem.errors}
        return self._template.render(
            site=self._site,
            style=self._style,
            language=language,
            words=WORDS[language],
            form=form,
            action=request.path_qs,
            typed=typed,
            detail=translated(problem.detail, language),
            errors={name: errors.get(name) for name in shown},
            first=next((name for name in shown if name in errors), None),
            beside={name: error for name, error in errors.items() if name not in shown},
            back=back_path(request),
        )


async def _typed(request: web.Request, form: ReaderForm, retryable: bool) -> Mapping[str, str] | None:
    if not retryable:
        return None
    try:
        sent = parse_form(await read_body(request, types=(FORM_TYPE,)))
    except Problem:
        sent = {}
    return {name: sent.get(name, "") for name in ("parent_id", *(field.name for field in form.fields))}


def _field(error: FieldError) -> str:
    return error.pointer.lstrip("/?")
