"""The service's sentences in the reader's language, from `words.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web
from markupsafe import Markup

from shared.errors import Problem
from shared.site.words import primary

WORDS: Mapping[str, Mapping[str, Any]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
USUAL_LANGUAGE = "en"
# The parts of sentences that vary, and their mark in `words.toml`.
_VARIABLES = ((re.compile(r"(?<=1 to )\d+"), "N"), (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "TIME"))


@dataclass(frozen=True)
class Sentence:
    """A sentence for the reader, with attributes for its element when it is not in the page's language."""

    text: str
    mark: Markup


def known_language(*wanted: str) -> str:
    """The first of these languages that has words."""
    return next((code for code in map(primary, wanted) if code in WORDS), USUAL_LANGUAGE)


def translated(sentence: str, language: str) -> Sentence:
    """The sentence in a language with words; without a translation, in English with `lang`."""
    known: Mapping[str, str] = WORDS[language]["translations"]
    pattern, values = sentence, {}
    for expression, mark in _VARIABLES:
        found = expression.search(pattern)
        if found:
            pattern, values[mark] = pattern.replace(found[0], mark), found[0]
    if pattern not in known:
        return Sentence(sentence, Markup() if language == USUAL_LANGUAGE else Markup(' lang="en" dir="ltr"'))
    text = known[pattern]
    for mark, value in values.items():
        text = text.replace(mark, value)
    return Sentence(text, Markup())


def translated_problem(problem: Problem, request: web.Request) -> Problem:
    """The problem in the language that a page's script prefers (`Accept-Language: ar`)."""
    language = known_language(request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip())
    if language == USUAL_LANGUAGE:
        return problem
    errors = tuple(replace(error, detail=translated(error.detail, language).text) for error in problem.errors)
    detail = translated(problem.detail, language).text
    return Problem(problem.status, detail, errors=errors, headers={**problem.headers, "Content-Language": language})
