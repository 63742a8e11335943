"""Wrong requests get an answer that names the field."""

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from yarl import URL

from shared.errors import Problem
from shared.http.requests import (
    parse_form,
    parse_json,
    read_cursor,
    read_idempotency_key,
    read_limit,
    refuse_unknown,
    validate,
    write_cursor,
)


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    inner: _Inner


def test_each_wrong_field_gets_a_pointer() -> None:
    with pytest.raises(Problem) as caught:
        validate(_Body, {"inner": {"size": "x"}, "a/b": 1})

    assert caught.value.status == 422
    assert {error.pointer for error in caught.value.errors} == {"/name", "/inner/size", "/a~1b"}


@pytest.mark.parametrize("body", [[], "x", 1, None, True])
def test_body_that_is_no_object_is_wrong_as_a_whole(body: object) -> None:
    with pytest.raises(Problem) as caught:
        validate(_Body, body)

    assert [error.pointer for error in caught.value.errors] == [""]


def test_malformed_json_is_400() -> None:
    with pytest.raises(Problem) as caught:
        parse_json(b'{"a":')

    assert caught.value.status == 400


def test_empty_form_field_counts_as_missing() -> None:
    assert parse_form(b"name=Ada&website=&body=a%20b") == {"name": "Ada", "body": "a b"}


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=\xff", b"a=%ff", b"&".join(b"a%d=1" % n for n in range(60))])
def test_malformed_form_is_400(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        parse_form(body)

    assert caught.value.status == 400


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "٣", "99999999"])
def test_limit_outside_its_range_is_refused_by_name(limit: str) -> None:
    with pytest.raises(Problem) as caught:
        read_limit({"limit": limit})

    assert caught.value.errors[0].pointer == "?limit"


def test_limit_inside_its_range_is_accepted() -> None:
    assert [read_limit(query) for query in ({}, {"limit": "1"}, {"limit": "100"})] == [20, 1, 100]


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_cursor_round_trip(parts: list[str]) -> None:
    assert read_cursor({"cursor": write_cursor(*parts)}, 2) == tuple(parts)


@pytest.mark.parametrize("foreign", ["!", "\n", " ", ".", "=", "é"])
@pytest.mark.parametrize("at", [0, 5, 40])
def test_cursor_with_a_foreign_character_is_400(foreign: str, at: int) -> None:
    cursor = write_cursor("01k0000000000000000000000a")

    with pytest.raises(Problem) as caught:
        read_cursor({"cursor": cursor[:at] + foreign + cursor[at:]}, 1)

    assert caught.value.status == 400


@pytest.mark.parametrize("text", ["WyJhIl1", "WyAiYSJd", "WyJcdTAwNjEiXQ"])
def test_cursor_in_another_spelling_is_400(text: str) -> None:
    assert write_cursor("a") == "WyJhIl0"

    with pytest.raises(Problem) as caught:
        read_cursor({"cursor": text}, 1)

    assert caught.value.status == 400


@given(st.text(min_size=1))
def test_arbitrary_cursor_is_400_or_valid(text: str) -> None:
    try:
        parts = read_cursor({"cursor": text}, 2)
    except Problem as problem:
        assert problem.status == 400  # noqa: PT017
    else:
        assert parts is not None
        assert len(parts) == 2


def test_misspelt_parameter_is_refused_by_name() -> None:
    with pytest.raises(Problem) as caught:
        refuse_unknown({"staus": "draft"}, ["status"])

    assert caught.value.errors[0].pointer == "?staus"


@pytest.mark.parametrize("query", ["limit=2&limit=500", "limit=2&limit=2", "status=draft&limit=1&limit="])
def test_repeated_parameter_is_refused_by_name(query: str) -> None:
    with pytest.raises(Problem) as caught:
        refuse_unknown(URL(f"/?{query}").query, ["status", "limit"])

    assert (caught.value.status, caught.value.errors[0].pointer) == (422, "?limit")


@pytest.mark.parametrize("key", [None, "a", "x" * 200])
def test_valid_idempotency_key_is_returned(key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}

    assert read_idempotency_key(make_mocked_request("POST", "/", headers)) == key


@pytest.mark.parametrize("key", ["", "x" * 201, "é", "a\tb"])
def test_malformed_idempotency_key_is_refused_by_name(key: str) -> None:
    with pytest.raises(Problem) as caught:
        read_idempotency_key(make_mocked_request("POST", "/", {"Idempotency-Key": key}))

    assert (caught.value.status, caught.value.errors[0].pointer) == (422, "Idempotency-Key")
