"""Types of the fields that editors send: lengths and forms, with the JSON schema of each."""

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from services.ingestion.articles.markdown import is_site_path
from services.ingestion.articles.slugs import LONGEST as LONGEST_SLUG
from services.ingestion.articles.slugs import check_slug
from shared.text import EDITOR_LINE, EDITOR_PROSE, TextRule, fold, is_far_too_long, tidy
from shared.times import SentTime

LONGEST_BODY = 200_000
LONGEST_URL = 2000
MOST_BYLINES = 10
MOST_TAGS = 20
# How often the length that is allowed a list may be, before repetitions are left out.
_MOST_REPEATED = 10
MOST_MARKS = (
    (("[",), 5_000, "brackets of links, pictures and notes"),
    (("://",), 2_000, "web addresses"),
    (("|",), 10_000, "borders of tables"),
    (("*", "_", "~", "`"), 20_000, "marks of emphasis and code"),
    (("\n",), 20_000, "lines"),
)
"""Of each kind of mark, the most in one text: characters, number, name."""
_PICTURE_ID = re.compile(r"[0-9a-z]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def line(shortest: int, longest: int) -> tuple[AfterValidator, WithJsonSchema]:
    """One line of text. With `shortest` 1 there must be something to see in it."""

    def check(text: str) -> str:
        return _within(text, EDITOR_LINE, shortest, longest)

    return AfterValidator(check), _schema(shortest, longest)


def unique(most: int, what: str) -> tuple[BeforeValidator, AfterValidator]:
    """A list without repetitions, compared in folded form; the first spelling stays."""
    fault = f"There are more than {most} {what}."

    def check_length(texts: object) -> object:
        # Before any text of it is looked at. Repetitions are left out later.
        if isinstance(texts, (list, tuple)) and len(texts) > _MOST_REPEATED * most:
            raise ValueError(fault)
        return texts

    def check(texts: Sequence[str]) -> tuple[str, ...]:
        kept: dict[str, str] = {}
        for text in texts:
            kept.setdefault(fold(text), text)
        if len(kept) > most:
            raise ValueError(fault)
        return tuple(kept.values())

    return BeforeValidator(check_length), AfterValidator(check)


def _within(text: str, rule: TextRule, shortest: int, longest: int) -> str:
    fault = ValueError(f"It is longer than {longest} characters.")
    if is_far_too_long(text, longest):
        raise fault
    text = tidy(text, rule)
    if len(text) > longest:
        raise fault
    if shortest and not text:
        raise ValueError("There is nothing to read in it.")
    return text


def _within_marks(text: str) -> str:
    """The Markdown, unless it has more marks than any article: the renderer needs 50 to 200 µs for each."""
    for marks, most, what in MOST_MARKS:
        if sum(map(text.count, marks)) > most:
            raise ValueError(f"It has more than {most} {what}.")
    return text


def _schema(shortest: int, longest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": shortest, "maxLength": longest})


def _prose(text: str) -> str:
    return _within_marks(_within(text, EDITOR_PROSE, 1, LONGEST_BODY))


def _unfinished_prose(text: str) -> str:
    return _within_marks(_within(text, EDITOR_PROSE, 0, LONGEST_BODY))


def _picture_url(text: str) -> str:
    text = _within(text, EDITOR_LINE, 1, LONGEST_URL)
    parts = urlsplit(text)
    absolute = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    if " " in text or not (absolute or is_site_path(text)):
        raise ValueError("It is neither an http or https address nor a path on the site.")
    return text


def _picture_id(text: str) -> str:
    if _PICTURE_ID.fullmatch(text) is None:
        raise ValueError("It is not the id of a picture.")
    return text


def check_language(text: str) -> str:
    """The text as a language tag. Raises ValueError for another text."""
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError("It is not a language tag such as en, ar or pt-BR.")
    return text


MarkdownText = Annotated[str, AfterValidator(_prose), _schema(1, LONGEST_BODY)]
UnfinishedText = Annotated[str, AfterValidator(_unfinished_prose), _schema(0, LONGEST_BODY)]
PictureId = Annotated[str, AfterValidator(_picture_id), _schema(1, 40)]
PictureUrl = Annotated[str, AfterValidator(_picture_url), _schema(1, LONGEST_URL)]
Slug = Annotated[str, AfterValidator(check_slug), _schema(1, LONGEST_SLUG)]
LanguageTag = Annotated[str, AfterValidator(check_language), _schema(2, 12)]
Time = SentTime
