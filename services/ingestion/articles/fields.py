"""Types of the fields that editors send: lengths and forms, with the JSON schema of each."""

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, WithJsonSchema

from services.ingestion.articles.markdown import is_site_path
from services.ingestion.articles.slugs import LONGEST as LONGEST_SLUG
from services.ingestion.articles.slugs import check_slug
from shared.text import EDITOR_LINE, EDITOR_PROSE, fold, tidy
from shared.times import SentTime

LONGEST_BODY = 200_000
LONGEST_URL = 2000
MOST_BYLINES = 10
MOST_TAGS = 20
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def line(shortest: int, longest: int) -> tuple[AfterValidator, WithJsonSchema]:
    """One line of text. With `shortest` 1 there must be something to see in it."""

    def check(text: str) -> str:
        return _within(tidy(text, EDITOR_LINE), shortest, longest)

    return AfterValidator(check), _schema(shortest, longest)


def unique(most: int, what: str) -> AfterValidator:
    """A list without repetitions, compared in folded form; the first spelling stays."""

    def check(texts: Sequence[str]) -> tuple[str, ...]:
        kept: dict[str, str] = {}
        for text in texts:
            kept.setdefault(fold(text), text)
        if len(kept) > most:
            raise ValueError(f"There are more than {most} {what}.")
        return tuple(kept.values())

    return AfterValidator(check)


def _within(text: str, shortest: int, longest: int) -> str:
    if len(text) > longest:
        raise ValueError(f"It is longer than {longest} characters.")
    if shortest and not text:
        raise ValueError("There is nothing to read in it.")
    return text


def _schema(shortest: int, longest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": shortest, "maxLength": longest})


def _prose(text: str) -> str:
    return _within(tidy(text, EDITOR_PROSE), 1, LONGEST_BODY)


def _unfinished_prose(text: str) -> str:
    return _within(tidy(text, EDITOR_PROSE), 0, LONGEST_BODY)


def _picture_url(text: str) -> str:
    text = _within(tidy(text, EDITOR_LINE), 1, LONGEST_URL)
    parts = urlsplit(text)
    absolute = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    if " " in text or not (absolute or is_site_path(text)):
        raise ValueError("It is neither an http or https address nor a path on the site.")
    return text


def check_language(text: str) -> str:
    """The text as a language tag. Raises ValueError for another text."""
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError("It is not a language tag such as en, ar or pt-BR.")
    return text


MarkdownText = Annotated[str, AfterValidator(_prose), _schema(1, LONGEST_BODY)]
UnfinishedText = Annotated[str, AfterValidator(_unfinished_prose), _schema(0, LONGEST_BODY)]
PictureUrl = Annotated[str, AfterValidator(_picture_url), _schema(1, LONGEST_URL)]
Slug = Annotated[str, AfterValidator(check_slug), _schema(1, LONGEST_SLUG)]
LanguageTag = Annotated[str, AfterValidator(check_language), _schema(2, 12)]
Time = SentTime
