"""Fields of a comment: accepted and tidied, or refused by name."""

import re

import pytest

from services.comments.contract import OPERATIONS
from services.comments.posting.contract import NewComment
from shared.errors import Problem
from shared.http.openapi import document
from shared.http.requests import validate

GOOD = {"name": "Ada", "email": "ada@example.org", "body": "Yes."}


def _pointers(**changes: object) -> set[str]:
    with pytest.raises(Problem) as raised:
        validate(NewComment, GOOD | changes)
    assert raised.value.status == 422
    return {error.pointer for error in raised.value.errors}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "   "), ("name", "x" * 81), ("name", 7), ("name", None), ("name", "a\nb"),
        ("name", "\u200b"), ("name", "\u3164"), ("name", "\u2800 \uffa0"), ("name", "gnp\u202egnp"), ("name", "\u2067a\u2069"),
        ("name", "a\ufffe"), ("name", "a" + "\u0301" * 79), ("name", "\u0301" * 79), ("body", "x" * 60_000),
        ("email", ""), ("email", "ada"), ("email", "ada@"), ("email", "@example.org"),
        ("email", "ada@example"), ("email", "a b@example.org"), ("email", "ada@exa mple.org"),
        ("email", "Ada <ada@example.org>"), ("email", "a" * 250 + "@example.org"), ("email", ["ada@example.org"]),
        ("body", ""), ("body", " \n "), ("body", "x" * 5001), ("body", "a\x00"), ("body", "\u2800\n\u115f"), ("body", {"$gt": ""}),
        ("website", "example.org"), ("website", "javascript:alert(1)"), ("website", "ftp://example.org"),
        ("website", "https://"), ("website", "https://user:secret@example.org"), ("website", "http://a b.example"),
        ("website", "https://example.org/\n"+"x"), ("website", "https://e.example/" + "x" * 500), ("website", ""),
        ("parent_id", ""), ("parent_id", 7), ("parent_id", "x" * 65), ("parent_id", {"$ne": None}),
        ("status", "published"), ("id", "x"),
    ],
)  # fmt: skip
def test_wrong_field_is_named(field: str, value: object) -> None:
    assert _pointers(**{field: value}) == {f"/{field}"}


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("name", "  Ada  ", "Ada"),
        ("name", "Ada  Byrne\n", "Ada Byrne"),
        ("name", "ا" * 80, "ا" * 80),
        ("name", "می\u200cخواهم", "می\u200cخواهم"),
        ("name", "\u200eAda", "\u200eAda"),
        ("body", "👩‍🚀", "👩‍🚀"),
        ("body", "a\u202eb\n\u2067c\u2069", "ab\n\u2067c\u2069"),
        ("email", "Ada.Byrne+news@Example.ORG", "ada.byrne+news@example.org"),
        ("email", "reader@news.test", "reader@news.test"),
        ("email", "用户@例子.广告", "用户@例子.广告"),
        ("body", "x" * 5000, "x" * 5000),
        ("website", "HTTPS://Example.org/Path", "https://Example.org/Path"),
        ("website", None, None),
        ("parent_id", None, None),
    ],
)
def test_good_field_is_tidied(field: str, value: object, kept: object) -> None:
    assert getattr(validate(NewComment, GOOD | {field: value}), field) == kept


def test_all_wrong_fields_are_named_at_once() -> None:
    assert _pointers(name="", email="x", body="", website="x", more=1) == {
        "/name", "/email", "/body", "/website", "/more",
    }  # fmt: skip


def test_every_route_has_an_operation() -> None:
    from services.comments.routes import ROUTES

    served = {(route.method, re.sub(r"\{(\w+):.*?\}\}", r"{\1}", route.path)) for route in ROUTES}

    assert served == {(operation.method, operation.path) for operation in OPERATIONS}
    assert document("comments", "1", OPERATIONS)["openapi"] == "3.1.0"
