"""Forms: where a person is led after signing in, and errors beside their fields."""

import pytest

from services.desk.api import ServiceRefusal
from services.desk.forms import refused, safe_path
from shared.errors import FieldError, Problem


@pytest.mark.parametrize("path", ["/desk", "/desk/articles/01J?saved=1", "/desk?status=draft"])
def test_path_of_the_desk_is_kept(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "https://evil.example/desk", "//evil.example/desk", "/desk\\..\\evil", "/world", "/desk/sign-in?next=/x"],
)
def test_other_addresses_become_the_list(path: str) -> None:
    assert safe_path(path) == "/desk"


def test_error_stands_beside_its_field() -> None:
    problem = Problem(422, "Some fields are wrong.", errors=(FieldError("/tags/0", "Too long."),))

    form = refused({"tags": "x"}, problem)

    assert (form.error("tags"), form.value("tags"), form.error("slug")) == ("Too long.", "x", "")


def test_error_of_the_picture_stands_beside_its_form_field() -> None:
    errors = (FieldError("/lead_image/alt", "Too long."), FieldError("/lead_image", "It needs an address."))

    form = refused({}, Problem(422, "Some fields are wrong.", errors=errors))

    assert (form.error("picture_alt"), form.error("picture_url")) == ("Too long.", "It needs an address.")


def test_only_words_of_a_service_are_marked_as_english() -> None:
    ours, theirs = (refused({}, kind(422, "No.")) for kind in (Problem, ServiceRefusal))

    assert (ours.is_english, theirs.is_english) == (False, True)
