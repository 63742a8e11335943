"""What a reader without JavaScript sees when a form was not taken: what is wrong, and the form with what was typed."""

import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.comments.contract import LONGEST_BODY, LONGEST_EMAIL, LONGEST_NAME, LONGEST_WEBSITE
from shared.errors import FieldError, Problem, Unavailable
from shared.http.csp import source_of
from shared.http.problems import SECURITY_HEADERS
from shared.http.requests import FORM_TYPE, parse_form, read_body
from shared.site.site import Palette, Site

_HERE = Path(__file__).parent
_WORDS = tomllib.loads((_HERE / "words.toml").read_text("utf-8"))
_CSS = (_HERE / "refused.css").read_text("utf-8")
# Sending the same again may help: the form is offered. A withdrawn or closed article takes no comment, however often.
_WORTH_ANOTHER_TRY = (400, 422, 429, 503)


@dataclass(frozen=True)
class Field:
    """A field that readers see; `label` is its word, `kind` an input's type or `textarea`."""

    name: str
    label: str
    kind: str
    longest: int
    required: bool = True


@dataclass(frozen=True)
class Form:
    """One of the site's forms, as its page has it. `replies`: it carries which comment it answers."""

    kind: Literal["comment", "letter"]
    fields: tuple[Field, ...]
    replies: bool = False


_NAME = Field("name", "name", "text", LONGEST_NAME)
_EMAIL = Field("email", "email", "email", LONGEST_EMAIL)
_WEBSITE = Field("website", "website", "url", LONGEST_WEBSITE, required=False)
COMMENT = Form("comment", (Field("body", "body", "textarea", LONGEST_BODY), _NAME, _EMAIL, _WEBSITE), replies=True)
LETTER = Form("letter", (Field("body", "message", "textarea", LONGEST_BODY), _NAME, _EMAIL))


@dataclass(frozen=True)
class Sentence:
    """A sentence for the reader, and the attributes that its element needs where it is not in the page's language."""

    text: str
    mark: Markup


class Pages:
    """The pages of one site, in its colours. Nothing in them comes from elsewhere, so that they show when little else does."""

    def __init__(self, site: Site) -> None:
        environment = Environment(
            loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._template = environment.get_template("refused.html")
        self._site = site
        self._style = _colours(site.palette) + _CSS
        self._policy = (
            f"default-src 'none'; style-src {source_of(self._style)}; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    async def refusal(self, problem: Problem, request: web.Request, form: Form, language: str = "") -> web.Response:
        """The problem in words, and the form again with what was typed, where another try can help."""
        again = problem.status in _WORTH_ANOTHER_TRY
        html = self._render(problem, form, language or self._site.language, request, await _typed(request, form, again))
        headers = {
            **SECURITY_HEADERS,
            "Cache-Control": "no-store",
            "Content-Security-Policy": self._policy,
            **problem.headers,
        }
        return web.Response(status=problem.status, text=html, content_type="text/html", headers=headers)

    def _render(
        self, problem: Problem, form: Form, wanted: str, request: web.Request, typed: Mapping[str, str] | None
    ) -> str:
        language = wanted if wanted in _WORDS else "en"
        shown = [field.name for field in form.fields]
        faults = {_field(error): _said(error.detail, language) for error in problem.errors}
        referer = request.headers.get("Referer", "")
        return self._template.render(
            site=self._site,
            style=self._style,
            language=language,
            words=_WORDS[language],
            form=form,
            action=request.path_qs,
            typed=typed,
            detail=_said(problem.detail, language),
            faults={name: faults.get(name) for name in shown},
            first=next((name for name in shown if name in faults), None),
            beside={name: fault for name, fault in faults.items() if name not in shown},
            back=referer if referer.startswith(("http://", "https://")) else "/",
        )


def wants_page(request: web.Request) -> bool:
    """Whether a person's browser asks: scripts that send forms get problem details like everyone else."""
    return "text/html" in request.headers.get("Accept", "")


async def answer_or_problem(
    request: web.Request, answer: Callable[[web.Request], Awaitable[web.Response]]
) -> web.Response | Problem:
    """What `answer` says; the problem that it raises only where a person sent the page's form, who is to be shown a page."""
    if request.content_type != FORM_TYPE or not wants_page(request):
        return await answer(request)
    try:
        return await answer(request)
    except Unavailable:
        return Problem(503, "A part of the site does not answer; try again.", headers={"Retry-After": "2"})
    except Problem as problem:
        return problem


async def _typed(request: web.Request, form: Form, again: bool) -> Mapping[str, str] | None:
    if not again:
        return None
    try:
        sent = parse_form(await read_body(request, types=(FORM_TYPE,)))
    except Problem:
        sent = {}
    return {name: sent.get(name, "") for name in ("parent_id", *(field.name for field in form.fields))}


def _field(error: FieldError) -> str:
    return error.pointer.lstrip("/?")


def _said(sentence: str, language: str) -> Sentence:
    """The sentence in a language; where nobody has translated it, in English, and marked so."""
    known: Mapping[str, str] = _WORDS[language]["said"]
    number = re.search(r"(?<=1 to )\d+", sentence)
    pattern = sentence.replace(f"1 to {number[0]}", "1 to N") if number else sentence
    if pattern in known:
        return Sentence(known[pattern].replace("N", number[0]) if number else known[pattern], Markup())
    return Sentence(sentence, Markup() if language == "en" else Markup(' lang="en" dir="ltr"'))


def _colours(palette: Palette) -> str:
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in shades.model_dump().items())
        for shades in (palette.light, palette.dark)
    )
    return f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
