"""Types of the fields of people's requests: lengths and forms, with the JSON schema of each."""

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, WithJsonSchema

from shared.text import EDITOR_LINE, READER_LINE, is_far_too_long, tidy

LONGEST_NAME = 100
LONGEST_EMAIL = 254
# Longer than any password that is accepted, so that a wrong one gets the usual answer.
LONGEST_SECRET = 1000


def _name(text: str) -> str:
    tidied = "" if is_far_too_long(text, LONGEST_NAME) else tidy(text, EDITOR_LINE)
    if not 1 <= len(tidied) <= LONGEST_NAME:
        raise ValueError(f"It is 1 to {LONGEST_NAME} characters long.")
    return tidied


def _email(text: str) -> str:
    """The address in its usual spelling. No look-up in the network: the domain may be internal, or unreachable now."""
    if is_far_too_long(text, LONGEST_EMAIL):
        raise ValueError("It is not an e-mail address.")
    try:
        found = validate_email(
            tidy(text, READER_LINE), check_deliverability=False, globally_deliverable=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise ValueError("It is not an e-mail address.") from error
    if len(found.normalized) > LONGEST_EMAIL or "." not in found.domain:
        raise ValueError("It is not an e-mail address.")
    return found.normalized


def _secret(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_SECRET:
        raise ValueError(f"It is 1 to {LONGEST_SECRET} characters long.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("It is not valid Unicode.") from error
    return text


def _schema(longest: int, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": longest, **more})


PersonName = Annotated[str, AfterValidator(_name), _schema(LONGEST_NAME)]
EmailAddress = Annotated[str, AfterValidator(_email), _schema(LONGEST_EMAIL, format="email")]
Secret = Annotated[str, AfterValidator(_secret), _schema(LONGEST_SECRET)]
