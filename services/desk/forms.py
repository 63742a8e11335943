"""Reads forms, and keeps what was typed when a service refuses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from services.desk.api import ServiceRefusal
from services.desk.visit import SIGN_IN
from shared.errors import Problem
from shared.http.requests import FORM_TYPE, parse_form, read_body
from shared.ids import new_id


async def read_form(request: web.Request, *, most_fields: int = 50) -> dict[str, str]:
    """The fields of a form, without empty ones. Browsers send line ends as CR LF; texts have LF."""
    values = parse_form(await read_body(request, types=(FORM_TYPE,)), most_fields=most_fields)
    return {name: text.replace("\r\n", "\n") for name, text in values.items()}


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: values by name, errors by name, and the key of its next submission."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    # `errors` and `detail` are a service's words.
    is_english: bool = False
    key: str = field(default_factory=new_id)

    def value(self, name: str) -> str:
        """What the field holds."""
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        """What is wrong with the field; empty when nothing is."""
        return self.errors.get(name, "")


def refused(values: Mapping[str, str], problem: Problem) -> Form:
    """The form again, each error beside its field. Errors of unknown fields are in `detail`."""
    errors = {_field_of(error.pointer): error.detail for error in problem.errors}
    return Form(values, errors, problem.detail, isinstance(problem, ServiceRefusal))


def _field_of(pointer: str) -> str:
    """The form's name of a field that a service names: `/tags/0` is `tags`, `/lead_image/alt` is `picture_alt`."""
    name, _, rest = pointer.strip("/?").partition("/")
    return f"picture_{rest.partition('/')[0] or 'url'}" if name == "lead_image" else name


def safe_path(text: str) -> str:
    """A path of the desk to go on to; `/desk` for anything else, so that nobody is led to another site."""
    parts = urlsplit(text)
    is_ours = not parts.scheme and not parts.netloc and text.startswith("/desk") and "\\" not in text
    return text if is_ours and not text.startswith(SIGN_IN) else "/desk"
