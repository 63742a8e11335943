"""Ids, traces, settings and the OpenAPI builder."""

import pytest
from openapi_spec_validator import validate as validate_openapi
from pydantic import BaseModel

from shared.errors import SettingsError
from shared.http.openapi import Operation, Parameter, document
from shared.ids import new_id
from shared.process.tracing import continue_trace, current_traceparent, trace_id
from shared.settings import Settings


def test_ids_are_unique_and_sorted_by_creation() -> None:
    made = [new_id() for _ in range(5000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(len(name) == 26 and name.isalnum() for name in made)


def test_trace_continues_under_a_new_span() -> None:
    caller = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"

    mine = continue_trace(caller)

    assert trace_id() == "0123456789abcdef0123456789abcdef"
    assert mine != caller
    assert current_traceparent() == mine


@pytest.mark.parametrize(
    "bad", [None, "", "x", "00-zz-0-1", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\n"]
)
def test_malformed_trace_starts_a_new_one(bad: str | None) -> None:
    assert continue_trace(bad).startswith("00-")


def test_every_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WM_SERVICE_PORT", "high")
    monkeypatch.setenv("WM_RATE_LIMITS", "maybe")

    with pytest.raises(SettingsError) as caught:
        Settings.load()

    assert "WM_SERVICE_PORT" in str(caught.value)
    assert "WM_RATE_LIMITS" in str(caught.value)


def test_site_url_with_a_trailing_slash_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WM_SITE_URL", "http://localhost:8080/")

    with pytest.raises(SettingsError, match="WM_SITE_URL"):
        Settings.load()


class _Thing(BaseModel):
    name: str


def test_openapi_builder_makes_valid_openapi() -> None:
    operations = [
        Operation(
            "makeThing", "POST", "/v1/things/{id}", "Make a thing", {201: _Thing, 204: None}, (422, 401),
            body={"application/json": _Thing}, secured=True, headers={"ETag": "version"},
            parameters=(Parameter("id", "path", "its id", {"type": "string"}),),
        )
    ]  # fmt: skip

    made = document("Things", "1", operations)

    validate_openapi(made)
    assert made["paths"]["/v1/things/{id}"]["post"]["security"] == [{"editor": []}]
