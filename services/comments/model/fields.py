"""Types of the fields that readers send: lengths and forms, with the JSON schema of each."""

from typing import Annotated
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AnyHttpUrl, TypeAdapter, ValidationError, WithJsonSchema

from shared.text import READER_LINE, READER_PROSE, TextRule, is_blank, is_far_too_long, tidy

LONGEST_NAME = 80
LONGEST_BODY = 5000
LONGEST_WEBSITE = 500
LONGEST_EMAIL = 254
LONGEST_ID = 64

_http_url: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def _tidy(text: str, rule: TextRule, longest: int) -> str:
    fault = ValueError(f"It is 1 to {longest} characters long.")
    if is_far_too_long(text, longest):
        raise fault
    tidied = tidy(text, rule)
    if text and is_blank(tidied):
        raise ValueError("There is nothing to read in it.")
    if not 1 <= len(tidied) <= longest:
        raise fault
    return tidied


def _line(longest: int, **schema: object) -> tuple[AfterValidator, WithJsonSchema]:
    def check(text: str) -> str:
        return _tidy(text, READER_LINE, longest)

    return AfterValidator(check), _schema(longest, **schema)


def _schema(longest: int, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": longest, **more})


def _prose(text: str) -> str:
    return _tidy(text, READER_PROSE, LONGEST_BODY)


def _email(text: str) -> str:
    """The address in the form for comparison. No look-up in the network: the domain may be new, or unreachable now."""
    try:
        found = validate_email(
            _tidy(text, READER_LINE, LONGEST_EMAIL),
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise ValueError("It is not an e-mail address.") from error
    if "." not in found.domain:
        raise ValueError("It is not an e-mail address.")
    return found.normalized.casefold()


def _website(text: str) -> str:
    text = _tidy(text, READER_LINE, LONGEST_WEBSITE)
    try:
        _http_url.validate_python(text)
        parts = urlsplit(text)
    except (ValidationError, ValueError) as error:
        raise ValueError("It is not an http or https address.") from error
    if any(character.isspace() for character in text) or "@" in parts.netloc or not parts.netloc:
        raise ValueError("It is not an http or https address.")
    return text.replace(text[: len(parts.scheme)], parts.scheme, 1)


Name = Annotated[str, *_line(LONGEST_NAME)]
Email = Annotated[str, AfterValidator(_email), _schema(LONGEST_EMAIL, format="email")]
Body = Annotated[str, AfterValidator(_prose), _schema(LONGEST_BODY)]
Website = Annotated[str, AfterValidator(_website), _schema(LONGEST_WEBSITE, format="uri")]
ParentId = Annotated[str, *_line(LONGEST_ID)]
