"""Reads request bodies, list parameters and preconditions. Raises Problem, which names the wrong field."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from shared.errors import FieldError, Problem
from shared.http.problems import field_problem
from shared.ids import created_ms

Model = TypeVar("Model", bound=BaseModel)

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
LARGEST_PAGE = 100
USUAL_PAGE = 20
LONGEST_KEY = 200
# A body of unknown fields would otherwise be answered with a larger one.
_MOST_ERRORS = 50
_TAG = re.compile(r'(?:W/)?"[^"]*"')


async def read_body(request: web.Request, *, types: Sequence[str] = (JSON_TYPE,)) -> bytes:
    """The body. 415 when its content type is not in `types` or it is compressed, 413 when it is too large."""
    if request.content_type not in types:
        raise Problem(415, f"Send {' or '.join(types)}.", headers={"Accept": ", ".join(types)})
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(415, "Send the body without a content encoding.", headers={"Accept-Encoding": "identity"})
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Problem(413, "The body is too large.") from error


def parse_json(body: bytes) -> object:
    """The JSON value of a body; 400 when it is malformed."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from error
    return value


def parse_form(body: bytes, *, most_fields: int = 50) -> dict[str, str]:
    """The fields of a form, without empty ones. 400 when it is not UTF-8, has a field twice, or more than `most_fields`."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most_fields, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise Problem(400, "The form cannot be read.") from error
    if len({name for name, _ in pairs}) != len(pairs):
        raise Problem(400, "The form has a repeated field.")
    return {name: value for name, value in pairs if value}


def validate(model: type[Model], value: object) -> Model:
    """The value as `model`; 422 with a pointer to each wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = tuple(
            FieldError("".join(f"/{_escape(str(part))}" for part in item["loc"]), _sentence(item["msg"]))
            for item in error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_ERRORS]
        )
        raise Problem(422, "Some fields are wrong.", errors=errors) from error


async def read_model(request: web.Request, model: type[Model]) -> Model:
    """The JSON body as `model`; 415, 413, 400 or 422 when it cannot be read."""
    return validate(model, parse_json(await read_body(request)))


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def read_limit(query: Mapping[str, str], *, usual: int = USUAL_PAGE, largest: int = LARGEST_PAGE) -> int:
    """`?limit=`: 1 to `largest`; 422 otherwise."""
    text = query.get("limit", str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= largest):
        raise field_problem("?limit", f"limit is a whole number from 1 to {largest}.")
    return int(text)


def read_flag(query: Mapping[str, str], name: str) -> bool:
    """Whether `?name=true`. 422 for a text other than true and false; an empty parameter counts as absent."""
    text = query.get(name, "")
    if text not in ("", "true", "false"):
        raise field_problem(f"?{name}", f"{name} is true or false.")
    return text == "true"


def write_cursor(*parts: str) -> str:
    """An opaque cursor made of the last item's sort keys."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def read_cursor(query: Mapping[str, str], length: int) -> tuple[str, ...] | None:
    """The parts of `?cursor=`, or None without one; 400 unless `write_cursor` makes exactly this text of them."""
    text = query.get("cursor")
    if not text:
        return None
    fault = field_problem("?cursor", "This cursor was not issued by this service.", status=400)
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise fault from error
    if not isinstance(parts, list) or len(parts) != length or not all(isinstance(part, str) for part in parts):
        raise fault
    # Python's Base64 decoder ignores characters outside its alphabet.
    if write_cursor(*parts) != text:
        raise fault
    return tuple(parts)


def read_id_cursor(query: Mapping[str, str]) -> str | None:
    """The id of the last item of the previous page, None without `?cursor=`; 400 when it is not an id."""
    parts = read_cursor(query, 1)
    if parts is None:
        return None
    if created_ms(parts[0]) is None:
        raise field_problem("?cursor", "This cursor was not issued by this service.", status=400)
    return parts[0]


def refuse_unknown(query: Mapping[str, str], known: Sequence[str]) -> None:
    """422 for an unknown or repeated query parameter: a misspelt filter must not look like an empty result."""
    unknown = [name for name in query if name not in known]
    if unknown:
        raise field_problem(f"?{unknown[0]}", f"Unknown parameter. Known parameters: {', '.join(known)}.")
    refuse_twice(query)


def refuse_twice(query: Mapping[str, str]) -> None:
    """422 for a repeated query parameter: it is not clear which value counts."""
    seen = set()
    # Keys of a MultiDict do not repeat; its items do.
    for name, _ in query.items():
        if name in seen:
            raise field_problem(f"?{name}", f"{name} is repeated.")
        seen.add(name)


def read_idempotency_key(request: web.Request) -> str | None:
    """The key of `Idempotency-Key`, None without one; 422 when it is malformed."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise field_problem("Idempotency-Key", f"The key is 1 to {LONGEST_KEY} printable ASCII characters.")
    return key


@dataclass(frozen=True)
class Tags:
    """The entity tags of `If-Match` (RFC 9110, 13.1.1); `any` for `*`."""

    any: bool
    tags: tuple[str, ...] = ()

    def match(self, version: int) -> bool:
        """Whether a tag names the version, by strong comparison: weak tags never match."""
        return self.any or etag(version) in self.tags


def read_if_match(request: web.Request, *, demanded: bool = True) -> Tags:
    """The tags of `If-Match`; malformed ones match nothing. Without the header: 428 if `demanded`, else `any`."""
    text = ",".join(request.headers.getall("If-Match", ())).strip()
    if not text and demanded:
        raise Problem(428, "Send If-Match with the ETag that you have read.")
    return Tags(text in ("", "*"), tuple(_TAG.findall(text)))


def has_already(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` contains the entity tag, by weak comparison (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or any(
        tag.strip().removeprefix("W/") == etag for tag in if_none_match.split(",")
    )


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'
